"""What a mail answers: the mails that it refers to, and the numbers of work orders in its subject (ADR 0040)."""

import re
from collections.abc import Collection
from typing import Final

from services.intake.plugins.email import fields, words
from services.intake.plugins.email.entities import Entity
from services.intake.plugins.email.own import number_in
from shared.events import Thread

_ID: Final = re.compile(rb"<\s*([^<>\s]{3,250})\s*>")
_NUMBER: Final = re.compile(r"(?<![A-Za-z0-9])XR(\d{11,14})(?![A-Za-z0-9])", re.IGNORECASE)
_PREFIX: Final = re.compile(
    r"\s*(?:re|fw|fwd|aw|wg|sv|vs|antw|回复|回覆|答复|答覆|回信|转发|轉寄|轉發|轉送|返信|转|복|전달)\s*(?:\[\d{1,3}\]|\(\d{1,3}\)|（\d{1,3}）)?\s*[:：]\s*",
    re.IGNORECASE,
)
MOST: Final = 20
_MOST_READ: Final = 100_000


def thread_of(mail: Entity, subject: str, ours: Collection[str] = ()) -> Thread | None:
    """Return what the mail is and what it answers, the nearest first; None where it tells nothing of either.

    A Message-ID from one of `ours`, our addresses, holds the number of its work order.
    """
    told = [*fields.every(mail.fields, "in-reply-to"), *reversed(fields.every(mail.fields, "references"))]
    answers: list[str] = []
    for at, value in enumerate(told):
        found = ids(value)
        answers += found if at < len(fields.every(mail.fields, "in-reply-to")) else reversed(found)
    own = ids(mail.value("message-id"))
    written = (number for one in answers if (number := number_in(one, ours)) is not None)
    numbers = tuple(dict.fromkeys((*written, *(f"XR{match.group(1)}" for match in _NUMBER.finditer(subject)))))
    thread = Thread(
        message_id=own[0] if own else None, answers=tuple(dict.fromkeys(answers))[:MOST], numbers=numbers[:MOST]
    )
    return thread if thread != Thread() else None


def ids(value: bytes) -> list[str]:
    """Return the message ids in a field, without their angle brackets; what is not plain ASCII is none."""
    found = (words.line(match.decode("ascii", "ignore"), 250) for match in _ID.findall(value[:_MOST_READ]))
    return [one for one in found if one]


def plain_subject(subject: str) -> str:
    """Return the subject without `Re:`, `回复：`, `答复:`, `转发:` and their like, however many."""
    while (match := _PREFIX.match(subject)) is not None:
        subject = subject[match.end() :]
    return subject.strip()
