"""The folders of the tests' IMAP server: mails with numbers that are never given twice."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

_validities = count(1_000)


@dataclass(slots=True)
class Mail:
    """One mail in one folder."""

    uid: int
    content: bytes
    flags: set[str] = field(default_factory=set)
    at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))


@dataclass(slots=True)
class Folder:
    """A folder; `numbered_anew` gives every mail another number, as servers do that were restored."""

    mails: list[Mail] = field(default_factory=list)
    uid_validity: int = field(default_factory=lambda: next(_validities))
    uid_next: int = 1

    def add(self, content: bytes, *flags: str) -> Mail:
        mail = Mail(self.uid_next, content, set(flags))
        self.uid_next += 1
        self.mails.append(mail)
        return mail

    def numbered_anew(self) -> None:
        self.uid_validity = next(_validities)
        self.mails.reverse()
        for number, mail in enumerate(self.mails, start=1):
            mail.uid = number
        self.uid_next = len(self.mails) + 1

    def numbered(self, wanted: str) -> list[tuple[int, Mail]]:
        """Return the mails of a set of UIDs, as in `2,4:7,9:*`, each with its sequence number."""
        last = max((mail.uid for mail in self.mails), default=0)
        chosen: set[int] = set()
        for part in wanted.split(","):
            low, _, high = part.partition(":")
            ends = [last if end == "*" else int(end) for end in (low, high or low)]
            chosen.update(mail.uid for mail in self.mails if min(ends) <= mail.uid <= max(ends))
        return [(number, mail) for number, mail in enumerate(self.mails, start=1) if mail.uid in chosen]
