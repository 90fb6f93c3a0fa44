"""One connection to one folder of an IMAP server (RFC 3501, 9051); every method blocks and belongs into a thread."""

import contextlib
import imaplib
import ssl
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Final

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from services.intake.adapters.imap.config import Mailbox

LONGEST_LINE: Final = 50_000_000
"""A search may answer with a line of any length, of which imaplib takes a million characters."""
SLICE_SECONDS: Final = 1.0
"""So soon a wait notices that it shall end."""
_FIRST: Final = b"BODY[]"
_PART: Final = b"BODY[]<0>"
imaplib._MAXLINE = LONGEST_LINE  # type: ignore[attr-defined]  # noqa: SLF001 (it has no public setting)


class SessionError(Exception):
    """The server cannot be used now, and perhaps later."""


class LoginRefusedError(SessionError):
    """The server does not let us in."""


class ConnectionEndedError(SessionError):
    """The connection has ended, or nothing came over it for too long."""


class MailError(Exception):
    """The server does not give this mail."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as it was when it was selected."""

    uid_validity: int
    uid_next: int | None


@dataclass(frozen=True, slots=True)
class Listed:
    """What the server says of a mail before it is fetched."""

    uid: int
    size: int
    received_at: datetime | None


class Session:
    """Logged in, with a folder selected; `close` may be called from another thread and ends what waits."""

    def __init__(self, mailbox: Mailbox, secret: str, timeout_seconds: float) -> None:
        """Connect and log in; `LoginRefusedError`, `SessionError`."""
        self._mailbox = mailbox
        self._ended = False
        with _told(secret=secret):
            self._client = _connected(mailbox, timeout_seconds)
        try:
            with _told(self, secret):
                self._log_in(secret)
        except BaseException:
            self.close()
            raise

    @property
    def ended(self) -> bool:
        """Whether somebody has ended it."""
        return self._ended

    def _log_in(self, secret: str) -> None:
        client, mailbox = self._client, self._mailbox
        if mailbox.encryption == "starttls":
            client.starttls(_trust(mailbox))
        try:
            if mailbox.access_token is not None:
                client.oauth2_login(mailbox.login, secret)
            elif not secret.isascii():  # LOGIN has no way to say it
                client.plain_login(mailbox.login, secret)
            else:
                client.login(mailbox.login, secret)
        except LoginError as error:
            raise LoginRefusedError(_plain(str(error), secret)) from None
        if client.has_capability("ID"):  # 163.com and others select no folder for a client that has not said who it is
            client.id_({"name": "yingda", "version": version("yingda")})

    def select(self, folder: str) -> Folder:
        """Select `folder`; where nothing will be changed in it, for reading only."""
        with _told(self):
            found = self._client.select_folder(folder, readonly=self._mailbox.after == "keep")
        uid_next = found.get(b"UIDNEXT")
        return Folder(int(found.get(b"UIDVALIDITY") or 0), int(uid_next) if uid_next else None)

    def after(self, uid: int) -> list[int]:
        """Return the mails whose number is greater than `uid`, in order; the server answers with its last one in any case."""
        with _told(self):
            return sorted(found for found in self._client.search(["UID", f"{uid + 1}:*"]) if found > uid)

    def unseen(self) -> list[int]:
        """Return the mails that nobody has read."""
        with _told(self):
            return sorted(self._client.search(["UNSEEN"]))

    def since(self, moment: datetime) -> list[int]:
        """Return the mails that came on the day of `moment` or later, as the server counts days."""
        with _told(self):
            return sorted(self._client.search(["SINCE", moment.date()]))

    def listed(self, uids: Sequence[int]) -> list[Listed]:
        """Return size and time of those of `uids` that are still there; 0 and None where the server does not say."""
        try:
            with _told(self):
                found = self._client.fetch(list(uids), ["RFC822.SIZE", "INTERNALDATE"])
        except ConnectionEndedError:
            raise
        except SessionError:
            if len(uids) == 1:
                return [Listed(uids[0], 0, None)]
            return [one for uid in uids for one in self.listed([uid])]
        silent = self._there([uid for uid in uids if uid not in found])
        return [_listed(uid, found.get(uid, {})) for uid in uids if uid in found or uid in silent]

    def _there(self, uids: Sequence[int]) -> set[int]:
        """Return those of `uids` that are in the folder: some servers leave out of an answer what they cannot read."""
        if not uids:
            return set()
        with _told(self):
            return set(self._client.search(["UID", ",".join(map(str, uids))])) & set(uids)

    def content(self, uid: int) -> bytes | None:
        """Return a mail as it is, unmarked; None where it is gone. `MailError` where the server does not give it."""
        return self._fetched(uid, "BODY.PEEK[]", _FIRST)

    def beginning(self, uid: int, size: int) -> bytes | None:
        """Return the first `size` bytes of a mail."""
        return self._fetched(uid, f"BODY.PEEK[]<0.{size}>", _PART)

    def mark_seen(self, uids: Sequence[int]) -> None:
        """Mark mails as read; twice is as once."""
        with _told(self):
            self._client.add_flags(list(uids), [rb"\Seen"], silent=True)

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Move mails into `folder`, which is made if need be; those that are gone already are no error."""
        client = self._client
        with _told(self):
            if not client.folder_exists(folder):
                client.create_folder(folder)
            if client.has_capability("MOVE"):
                client.move(list(uids), folder)
                return
            client.copy(list(uids), folder)
            client.delete_messages(list(uids), silent=True)
            if client.has_capability(
                "UIDPLUS"
            ):  # else the mailbox empties itself: others may have marked mails as well
                client.uid_expunge(list(uids))

    def wait(self, seconds: float, *, idle: bool) -> None:
        """Return when something may have come, at the latest after `seconds`."""
        with _told(self):
            if idle and self._client.has_capability("IDLE"):
                self._idle(seconds)
                return
            until = time.monotonic() + seconds
            while not self._ended and time.monotonic() < until:
                time.sleep(min(SLICE_SECONDS, max(0.0, until - time.monotonic())))
            self._client.noop()

    def _idle(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        self._client.idle()
        while not self._ended and (left := until - time.monotonic()) > 0:
            due = time.monotonic() + min(SLICE_SECONDS, left)
            told = self._client.idle_check(timeout=max(0.01, due - time.monotonic()))
            if told and any(len(one) > 1 and one[1] in {b"EXISTS", b"RECENT"} for one in told):
                break
            if not told and time.monotonic() < due - SLICE_SECONDS / 10:
                break  # the connection has ended: the next command says so
        self._client.idle_done()

    def end_wait(self) -> None:
        """Let `wait` return soon, now and ever."""
        self._ended = True

    def close(self) -> None:
        """End the connection, whatever it does."""
        self._ended = True
        with contextlib.suppress(Exception):  # it may be in any state, and be used by a thread
            self._client.shutdown()

    def leave(self) -> None:
        """Log out, as far as the server still listens."""
        with contextlib.suppress(Exception):
            self._client.logout()
        self.close()

    def _fetched(self, uid: int, wanted: str, key: bytes) -> bytes | None:
        try:
            with _told(self):
                found = self._client.fetch([uid], [wanted])
        except ConnectionEndedError:
            raise
        except SessionError as error:
            raise MailError(str(error)) from error
        if uid not in found and not self._there([uid]):
            return None
        told = found.get(uid, {})
        content = told.get(key, told.get(_FIRST))
        if not isinstance(content, bytes) or not content:
            raise MailError("the server gives this mail without content")
        return content


@contextlib.contextmanager
def _told(session: Session | None = None, secret: str = "") -> Iterator[None]:
    """Turn what imapclient raises into `SessionError`, without the secret."""
    try:
        yield
    except SessionError:
        raise
    except (IMAPClientAbortError, OSError) as error:
        raise ConnectionEndedError(_plain(str(error) or type(error).__name__, secret)) from error
    except (IMAPClientError, ValueError, AttributeError, TypeError) as error:
        # The latter three come of answers that are none, and of connections that another thread has closed.
        closed = session is None or session.ended or "closed" in str(error).lower()
        kind = ConnectionEndedError if closed and not isinstance(error, IMAPClientError) else SessionError
        raise kind(_plain(str(error) or type(error).__name__, secret)) from error


def _connected(mailbox: Mailbox, timeout_seconds: float) -> IMAPClient:
    tls = mailbox.encryption == "tls"
    client = IMAPClient(
        mailbox.host,
        mailbox.port or (993 if tls else 143),
        ssl=tls,
        ssl_context=_trust(mailbox) if tls else None,
        timeout=SocketTimeout(connect=timeout_seconds, read=timeout_seconds),
    )
    client.normalise_times = False
    return client


def _trust(mailbox: Mailbox) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=None if mailbox.ca is None else str(mailbox.ca))


def _listed(uid: int, found: dict[bytes, Any]) -> Listed:
    at, size = found.get(b"INTERNALDATE"), found.get(b"RFC822.SIZE")
    try:
        moment = at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC) if isinstance(at, datetime) else None
    except OverflowError:
        moment = None
    return Listed(uid, size if isinstance(size, int) else 0, moment)


def _plain(said: str, secret: str = "") -> str:
    """Return what a server said as one short line; some repeat what they were told."""
    line = " ".join(said.split())
    return (line.replace(secret, "***") if secret else line)[:200]
