"""One connection of the tests' IMAP server: commands read, and answered as RFC 3501 and its extensions say."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from imapclient import imap_utf7

from tests.mail.imap_folders import Folder, Mail
from tests.pace import lasts

if TYPE_CHECKING:
    from tests.mail.imap_server import ImapServer

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|\x00(\d+)\x00|(\((?:[^()"\x00]|"(?:[^"\\]|\\.)*")*\)|[^ ]+)')
_LITERAL = re.compile(rb"\{(\d+)(\+?)\}\r\n\Z")
_PARTIAL = re.compile(r"BODY(?:\.PEEK)?\[\](?:<0\.(\d+)>)?")


class Refused(Exception):
    """Answered with NO and this text."""


class Connection:
    """Serves one client."""

    def __init__(self, server: ImapServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._folder: Folder | None = None
        self._read_only = False
        self._over = False

    def abort(self) -> None:
        self._writer.transport.abort()

    async def serve(self) -> None:
        faults = self._server.faults
        await self._say(faults.greeting or f"* OK [CAPABILITY {self._server.capabilities}] ready")
        self._over = bool(faults.greeting)
        while not self._over:
            tag, name, arguments = await self._command()
            if name != "IDLE":
                self._server.commands.append(name)
            if faults.silent:
                await self._server.changed()
                await self._reader.read()
            if faults.seconds:
                await lasts(faults.seconds)
            await self._answer(tag, name, arguments)
            await self._server.changed()
        self._writer.close()

    async def _answer(self, tag: str, name: str, arguments: list[str]) -> None:
        act = getattr(self, f"_{name.lower().replace(' ', '_')}", None)
        if act is None:
            await self._say(f"{tag} BAD unknown command {name}")
            return
        try:
            said = await act(arguments, tag)
        except Refused as refused:
            await self._say(f"{tag} NO {refused}")
        else:
            await self._say(f"{tag} OK {said or 'done'}")

    async def _command(self) -> tuple[str, str, list[str]]:
        """Read one command with its literals."""
        line, literals = b"", list[str]()
        while True:
            line += await self._reader.readuntil(b"\r\n")
            match = _LITERAL.search(line)
            if match is None:
                break
            if not match.group(2):
                await self._say("+ go on")
            content = await self._reader.readexactly(int(match.group(1)))
            line = line[: match.start()] + b"\x00%d\x00" % len(literals)
            literals.append(content.decode())
        tag, _, rest = line.decode().rstrip("\r\n").partition(" ")
        words = [self._word(match, literals) for match in _TOKEN.finditer(rest)]
        name = words.pop(0).upper()
        return (tag, f"UID {words.pop(0).upper()}", words) if name == "UID" else (tag, name, words)

    @staticmethod
    def _word(match: re.Match[str], literals: list[str]) -> str:
        quoted, literal, atom = match.groups()
        if quoted is not None:
            return re.sub(r"\\(.)", r"\1", quoted)
        return literals[int(literal)] if literal is not None else str(atom)

    async def _say(self, line: str) -> None:
        self._writer.write(f"{line}\r\n".encode())
        await self._writer.drain()

    @property
    def _selected(self) -> Folder:
        if self._folder is None:
            raise Refused("no folder is selected")
        return self._folder

    def _found(self, name: str) -> Folder:
        folder = self._server.folders.get(imap_utf7.decode(name.encode()))
        if folder is None:
            raise Refused("[NONEXISTENT] there is no such folder")
        return folder

    async def _capability(self, _arguments: list[str], _tag: str) -> None:
        await self._say(f"* CAPABILITY {self._server.capabilities}")

    async def _noop(self, _arguments: list[str], _tag: str) -> None:
        return

    async def _logout(self, _arguments: list[str], _tag: str) -> None:
        await self._say("* BYE until later")
        self._over = True

    async def _login(self, arguments: list[str], _tag: str) -> None:
        from tests.mail.imap_server import PASSWORD, USER  # noqa: PLC0415 (it imports this module)

        self._may_log_in()
        if arguments != [USER, PASSWORD]:
            raise Refused(f"[AUTHENTICATIONFAILED] not with {arguments[1]}")

    async def _authenticate(self, arguments: list[str], _tag: str) -> None:
        from tests.mail.imap_server import FOREIGN, TOKEN, USER  # noqa: PLC0415 (it imports this module)

        if len(arguments) == 1:
            await self._say("+ ")
            arguments.append((await self._reader.readuntil(b"\r\n")).decode().strip())
        self._may_log_in()
        right = {"PLAIN": f"\x00{USER}\x00{FOREIGN}", "XOAUTH2": f"user={USER}\x01auth=Bearer {TOKEN}\x01\x01"}
        if base64.b64decode(arguments[1]).decode() != right[arguments[0]]:
            raise Refused("[AUTHENTICATIONFAILED] the token is none")

    def _may_log_in(self) -> None:
        if self._server.faults.refused_logins:
            self._server.faults.refused_logins -= 1
            raise Refused("[AUTHENTICATIONFAILED] invalid credentials")

    async def _id(self, arguments: list[str], _tag: str) -> None:
        self._server.named.append(arguments[0])
        await self._say('* ID ("name" "tests")')

    async def _list(self, arguments: list[str], _tag: str) -> None:
        if imap_utf7.decode(arguments[1].encode()) in self._server.folders:
            await self._say(f'* LIST () "/" "{arguments[1]}"')

    async def _create(self, arguments: list[str], _tag: str) -> None:
        self._server.folders[imap_utf7.decode(arguments[0].encode())] = Folder()

    async def _select(self, arguments: list[str], _tag: str) -> str:
        self._folder = folder = self._found(arguments[0])
        self._read_only = False
        await self._say(f"* {len(folder.mails)} EXISTS")
        await self._say(f"* OK [UIDVALIDITY {folder.uid_validity}] numbers are valid")
        await self._say(f"* OK [UIDNEXT {folder.uid_next}] the next one")
        return "[READ-WRITE] selected"

    async def _examine(self, arguments: list[str], tag: str) -> str:
        await self._select(arguments, tag)
        self._read_only = True
        return "[READ-ONLY] selected"

    async def _idle(self, _arguments: list[str], _tag: str) -> None:
        folder, known = self._selected, len(self._selected.mails)
        await self._say("+ idling")
        self._server.commands.append("IDLE")  # whoever has seen it here is told of what comes from now on
        await self._server.changed()
        done = asyncio.create_task(self._reader.readuntil(b"\r\n"))
        try:
            while not done.done():
                if len(folder.mails) > known:
                    known = len(folder.mails)
                    await self._say(f"* {known} EXISTS")
                await asyncio.wait({done}, timeout=0.02)
            assert done.result().strip() == b"DONE"
        finally:
            done.cancel()

    async def _uid_search(self, arguments: list[str], _tag: str) -> None:
        folder = self._selected
        if arguments == ["UNSEEN"]:
            found = [mail.uid for mail in folder.mails if "\\Seen" not in mail.flags]
        elif arguments[0] == "SINCE":
            since = datetime.strptime(arguments[1], "%d-%b-%Y").replace(tzinfo=UTC)
            found = [mail.uid for mail in folder.mails if mail.at >= since]
        else:
            assert arguments[0] == "UID"
            found = [mail.uid for _, mail in folder.numbered(arguments[1])]
        await self._say(f"* SEARCH {' '.join(map(str, found))}".rstrip())

    async def _uid_fetch(self, arguments: list[str], _tag: str) -> None:
        for number, mail in self._selected.numbered(arguments[0]):
            if "BODY" in arguments[1]:
                await self._body(number, mail, arguments[1])
            elif mail.uid not in self._server.faults.unlisted:
                at = mail.at.strftime("%d-%b-%Y %H:%M:%S +0000")
                told = f'UID {mail.uid} RFC822.SIZE {len(mail.content)} INTERNALDATE "{at}"'
                await self._say(f"* {number} FETCH ({told})")

    async def _body(self, number: int, mail: Mail, wanted: str) -> None:
        faults, match = self._server.faults, _PARTIAL.search(wanted)
        assert match is not None
        if mail.uid in faults.broken:
            raise Refused("[SERVERBUG] this mail cannot be read")
        if mail.uid in faults.empty:
            await self._say(f"* {number} FETCH (UID {mail.uid} BODY[] NIL)")
            return
        content, name = mail.content, "BODY[]"
        if match.group(1):
            content, name = content[: int(match.group(1))], "BODY[]<0>"
        self._writer.write(f"* {number} FETCH (UID {mail.uid} {name} {{{len(content)}}}\r\n".encode())
        if faults.cut[mail.uid]:
            faults.cut[mail.uid] -= 1
            self._writer.write(content[: len(content) // 2])
            await self._writer.drain()
            self.abort()
            raise ConnectionResetError
        self._writer.write(content + b")\r\n")
        await self._writer.drain()
        if ".PEEK" not in wanted:
            mail.flags.add("\\Seen")

    def _writable(self) -> Folder:
        if self._read_only:
            raise Refused("[READ-ONLY] the folder is selected for reading")
        return self._selected

    async def _uid_store(self, arguments: list[str], _tag: str) -> None:
        assert arguments[1].startswith("+FLAGS")
        for _, mail in self._writable().numbered(arguments[0]):
            mail.flags.update(arguments[2].strip("()").split())

    async def _uid_copy(self, arguments: list[str], _tag: str) -> None:
        target = self._found(arguments[1])
        for _, mail in self._selected.numbered(arguments[0]):
            target.add(mail.content, *mail.flags)

    async def _uid_move(self, arguments: list[str], tag: str) -> None:
        if self._server.faults.refused_moves:
            self._server.faults.refused_moves -= 1
            raise Refused("[OVERQUOTA] the folder is full")
        await self._uid_copy(arguments, tag)
        await self._removed(self._writable().numbered(arguments[0]))

    async def _uid_expunge(self, arguments: list[str], _tag: str) -> None:
        await self._removed(pair for pair in self._writable().numbered(arguments[0]) if "\\Deleted" in pair[1].flags)

    async def _removed(self, mails: Iterable[tuple[int, Mail]]) -> None:
        for number, mail in reversed(list(mails)):
            self._selected.mails.remove(mail)
            await self._say(f"* {number} EXPUNGE")
