"""One pass over what is new in a folder: fetched, delivered, tidied away and noted, in this order.

Whatever breaks off in between is done again from the last note; what is delivered twice has the same id. A mail that
cannot be brought is left for later and holds up no other; after so many attempts the house is told where it lies.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from services.intake.adapters.imap.config import ImapConfig, Mailbox
from services.intake.adapters.imap.place import Place, PlaceFile
from services.intake.adapters.imap.session import Folder, Listed, MailError, Session, SessionError
from services.intake.adapters.mails import Delivery, Pauses
from services.intake.adapters.mails import Place as Origin
from shared.adapters import AdapterError, BusAway, Work
from shared.attachments import StoreAwayError

AT_ONCE: Final = 50
"""Mails that are listed together."""
BYTES_AT_ONCE: Final = 8_000_000
"""Of mails that are held together; a larger one is alone."""
BEGINNING: Final = 1_000_000
ATTEMPTS: Final = 5
DAY: Final = timedelta(days=1)
"""By so much the server's day may differ from ours."""
MOST_UNTIDIED: Final = 10_000
InThread = Callable[..., Awaitable[Any]]

log = structlog.get_logger()


class Stopped(Exception):
    """The process ends; what is not noted is fetched again when it starts."""


class Reader:
    """Reads one folder over one session, from `place` on."""

    def __init__(
        self,
        work: Work,
        config: ImapConfig,
        mailbox: Mailbox,
        folder: str,
        file: PlaceFile,
        in_thread: InThread,
        turned: Callable[[], None],
    ) -> None:
        self._work = work
        self._config = config
        self._mailbox = mailbox
        self._folder = folder
        self._file = file
        self._in_thread = in_thread
        self._turned = turned
        self._delivery = Delivery(work)
        self._suspects: set[int] = set()
        """Mails that were being fetched when a connection ended: fetched alone from then on."""

    async def begin(self, session: Session) -> Place:
        """Select the folder and return from where on it is to be read."""
        found = await self._in_thread(session.select, self._folder)
        try:
            place = self._file.read()
        except ValueError as error:
            log.warning("the folder is read again from its beginning", why=str(error))
            place = Place(found.uid_validity, 0)
        if place is not None and place.uid_validity != found.uid_validity:
            log.warning("the server has numbered its mails anew: what came in our time is read again", **self._named())
            came = await self._in_thread(session.since, place.since - DAY) if place.since is not None else []
            place = await self._begun(session, found, place.since, came)
        if place is None:
            place = await self._begun(session, found, None if self._mailbox.first == "all" else self._work.now(), [])
        self._file.write(place)
        return place

    async def _begun(self, session: Session, found: Folder, since: datetime | None, came: Sequence[int]) -> Place:
        """Return the place of a folder whose numbers say nothing yet, of which nothing counts that came before `since`.

        What comes is to be read, those that `came`, and what nobody has read where `first` says so; all without `since`.
        """
        if since is None:
            return Place(found.uid_validity, 0)
        last = found.uid_next - 1 if found.uid_next else max(await self._in_thread(session.after, 0), default=0)
        unseen = await self._in_thread(session.unseen) if self._mailbox.first == "unseen" else []
        left = sorted(uid for uid in {*unseen, *came} if uid <= last)
        return Place(found.uid_validity, last, dict.fromkeys(left, 0), since=since)

    async def read(self, session: Session, place: Place) -> None:
        """Bring what is new, then what was left for later; `SessionError` where the connection does not allow it."""
        new = await self._in_thread(session.after, place.last_uid)
        for start in range(0, len(new), AT_ONCE):
            await self._some(session, place, new[start : start + AT_ONCE])
        left = sorted(place.again)
        for start in range(0, len(left), AT_ONCE):
            await self._some(session, place, left[start : start + AT_ONCE])
        if place.untidied:
            await self._tidy(session, place, ())
            self._file.write(place)

    async def _some(self, session: Session, place: Place, uids: Sequence[int]) -> None:
        listed = await self._in_thread(session.listed, uids)
        there = {mail.uid for mail in listed}
        for group in self._grouped(listed):
            await self._group(session, place, group)
        for uid in uids:
            if uid not in there:  # taken away meanwhile by somebody else
                place.again.pop(uid, None)
        place.last_uid = max(place.last_uid, *uids)
        self._file.write(place)

    def _grouped(self, listed: Sequence[Listed]) -> list[list[Listed]]:
        """Return the mails in groups that may be held in memory together."""
        groups: list[list[Listed]] = []
        size = BYTES_AT_ONCE
        for mail in listed:
            alone = mail.uid in self._suspects
            size += min(mail.size, self._config.max_bytes)
            if not groups or alone or size > BYTES_AT_ONCE or groups[-1][-1].uid in self._suspects:
                groups.append([])
                size = min(mail.size, self._config.max_bytes)
            groups[-1].append(mail)
        return groups

    async def _group(self, session: Session, place: Place, group: Sequence[Listed]) -> None:
        contents: dict[int, bytes | None] = {}
        failed: dict[int, str] = {}
        for mail in group:
            try:
                contents[mail.uid] = await self._fetched(session, mail)
            except MailError as error:
                failed[mail.uid] = str(error)
            except SessionError as error:
                await self._suspect(place, mail.uid, str(error))
                raise
        brought = [mail for mail in group if mail.uid in contents]
        for mail, why in zip(brought, await self._delivered(place, brought, contents), strict=True):
            if why is not None:
                failed[mail.uid] = why
        done = [mail.uid for mail in brought if mail.uid not in failed]
        self._suspects.difference_update(done)
        for uid in done:
            place.again.pop(uid, None)
        await self._left(place, failed)
        await self._tidy(session, place, done)
        place.last_uid = max(place.last_uid, *(mail.uid for mail in group))
        self._file.write(place)
        self._turned()

    async def _suspect(self, place: Place, uid: int, why: str) -> None:
        """Note that a connection ended while this mail was fetched; the second time the others pass it by."""
        if uid in self._suspects:
            await self._left(place, {uid: why})
            place.last_uid = max(place.last_uid, uid)
            self._file.write(place)
        self._suspects.add(uid)

    def _fetched(self, session: Session, mail: Listed) -> Awaitable[bytes | None]:
        if mail.size > self._config.max_bytes:
            return self._in_thread(session.beginning, mail.uid, BEGINNING)
        return self._in_thread(session.content, mail.uid)

    async def _delivered(
        self, place: Place, mails: Sequence[Listed], contents: dict[int, bytes | None]
    ) -> list[str | None]:
        """Deliver `mails` side by side; return for each why it can never be, None where it is on the bus."""

        async def one(mail: Listed) -> str | None:
            content = contents[mail.uid]
            if content is None:
                return None
            self._work.report.received()
            origin = self._origin(place, mail.uid, mail.received_at)
            most = self._config.max_bytes

            async def deliver() -> None:
                if mail.size > most:
                    await self._delivery.deliver_beginning(content, mail.size, most, origin)
                else:
                    await self._delivery.deliver(content, origin)

            try:
                await self._patiently(deliver)
            except Stopped:
                raise
            except AdapterError as error:
                return str(error)
            except Exception as error:  # noqa: BLE001 (one mail that fails does not hold up the others)
                return f"it cannot be taken apart: {type(error).__name__}"  # whose words may be the customer's
            return None

        return list(await asyncio.gather(*map(one, mails)))

    async def _patiently(self, act: Callable[[], Awaitable[None]]) -> None:
        """Do `act` again and again while the bus is away; `Stopped` where the process ends meanwhile."""
        pauses = Pauses(first=0.5, longest=15.0)
        while True:
            try:
                await act()
            except (BusAway, StoreAwayError) as error:
                if self._work.stopping.is_set():
                    raise Stopped from error
                log.warning("mails wait for the bus", why=str(error), **self._named())
                self._turned()
                await stopping_within(self._work, pauses.next())
            else:
                return

    async def _left(self, place: Place, failed: dict[int, str]) -> None:
        """Leave mails for the next pass; of one that was left often enough the house is told."""
        for uid, why in failed.items():
            place.again[uid] = place.again.get(uid, 0) + 1
            self._work.report.refused("mail-failed")
            log.warning("a mail is left for later", uid=uid, tries=place.again[uid], why=why, **self._named())
            if place.again[uid] >= ATTEMPTS:
                await self._set_aside(place, uid, why)

    async def _set_aside(self, place: Place, uid: int, why: str) -> None:
        """Tell the house of a mail that cannot be brought; it stays in its folder, unmarked."""
        origin = self._origin(place, uid, None)
        name = f"uid/{place.uid_validity}/{uid}/{self._folder}"[:400]
        await self._patiently(lambda: self._told(name, why, origin))
        self._work.report.refused("set-aside")
        place.again.pop(uid, None)

    async def _told(self, name: str, why: str, origin: Origin) -> None:
        await self._delivery.deliver_nothing(name, why, origin)

    async def _tidy(self, session: Session, place: Place, done: Sequence[int]) -> None:
        """Mark or move what is on the bus; what the server refuses is tried again in the next pass."""
        mailbox = self._mailbox
        wanted = [*place.untidied, *done]
        if mailbox.after == "keep" or not wanted:
            place.untidied = []
            return
        act: Callable[[], Awaitable[None]] = (
            (lambda: self._in_thread(session.move, wanted, mailbox.moved_to))
            if mailbox.moved_to is not None
            else (lambda: self._in_thread(session.mark_seen, wanted))
        )
        try:
            await act()
        except SessionError as error:
            log.warning("mails on the bus are not tidied away yet", mails=len(wanted), why=str(error), **self._named())
            place.untidied = wanted[-MOST_UNTIDIED:]
        else:
            place.untidied = []

    def _origin(self, place: Place, uid: int, received_at: datetime | None) -> Origin:
        told = {"uid": uid, "uid_validity": place.uid_validity, "folder": self._folder}
        return Origin(self._mailbox.address, received_at or self._work.now(), told)

    def _named(self) -> dict[str, str]:
        return {"mailbox": self._mailbox.address, "folder": self._folder}


async def stopping_within(work: Work, seconds: float) -> bool:
    """Return whether the process is told to end within `seconds`, as soon as it is."""
    try:
        async with asyncio.timeout(seconds):
            await work.stopping.wait()
    except TimeoutError:
        return False
    return True
