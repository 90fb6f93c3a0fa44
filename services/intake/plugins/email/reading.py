"""A mail as a contact: who wrote, when, what is new in it, what came with it, what it answers (R-IN-01, R-IN-02)."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.intake.plugins.email import words
from services.intake.plugins.email.automatic import machine_behind
from services.intake.plugins.email.body import Body, body_of
from services.intake.plugins.email.bounces import bounce_in
from services.intake.plugins.email.entities import Entity, tree
from services.intake.plugins.email.moments import occurred_at
from services.intake.plugins.email.parts import Part, canonical, take_apart
from services.intake.plugins.email.people import Sender, sender_of
from services.intake.plugins.email.quotes import own_words
from services.intake.plugins.email.references import attachments_of
from services.intake.plugins.email.threads import plain_subject, thread_of
from services.intake.ports import Aside

LONGEST_TEXT: Final = 10_000
"""What a contact may say (contract); the whole mail stands among its details."""
LONGEST_SUBJECT: Final = 300
EMPTY: Final = "（空邮件）"
_HAN: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_LATIN_WORD: Final = re.compile("[A-Za-z]{2,}")
_FEW_WORDS: Final = 3


@dataclass(frozen=True, slots=True)
class Arrived:
    """A raw mail, when and at which addresses of ours it arrived, from whom by the envelope, and its references."""

    raw: bytes
    received_at: datetime
    own: tuple[str, ...] = ()
    envelope_from: str | None = None
    """Empty for a bounce, None where it is not known."""
    references: Any = None


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that has been read as far as every kind of it needs."""

    whole: Entity
    content: bytes
    sender: Sender
    subject: str
    """With its prefixes, on one line."""
    parts: tuple[Part, ...]
    """The attachments; their contents are empty where they were cut out."""


def mail_of(arrived: Arrived) -> Mail:
    """Return the mail in `arrived`, also where its attachments were never cut out."""
    content, parts = take_apart(arrived.raw)
    content = canonical(content)
    whole = tree(content)
    subject = words.text(whole.value("subject"), LONGEST_SUBJECT)
    return Mail(whole, content, sender_of(whole, arrived.own), subject, parts)


def aside_of(arrived: Arrived, mail: Mail) -> Aside | None:
    """Return what a mail is that is no contact: a report on a mail of ours, a machine's answer to it, our own; else None."""
    at = occurred_at(mail.whole.value("date"), arrived.received_at)
    told = bounce_in(
        mail.content, mail.whole, mail.sender, mail.subject, own=arrived.own, envelope_from=arrived.envelope_from
    )
    if told is not None:
        return Aside(told.kind, at, told.reports)
    machine = machine_behind(mail.whole, mail.sender, mail.subject, arrived.own)
    if machine == "auto-replied":
        return Aside("auto_replied", at)
    return Aside("own", at) if machine == "own" else None


def form_of_mail(arrived: Arrived, mail: Mail) -> dict[str, Any]:
    """Return the generic form of a mail: `text` is what its writer added, `details.mail.text` is all of it."""
    body = body_of(mail.content, mail.whole)
    subject = plain_subject(mail.subject)
    machine = machine_behind(mail.whole, mail.sender, mail.subject, arrived.own)
    details: dict[str, Any] = {"mail": _told(mail, body)}
    if subject:
        details["subject"] = subject
    if machine is not None:
        details["auto_submitted"] = machine
    box = mail.sender.mailbox
    thread = thread_of(mail.whole, mail.subject, arrived.own)
    attachments = attachments_of(mail.parts, arrived.references)
    text = _text(body, subject, attachments)
    return {
        "occurred_at": occurred_at(mail.whole.value("date"), arrived.received_at).isoformat(),
        "text": text,
        "customer": {"name": box.name or None, "email": box.address or None},
        "details": details,
        "attachments": attachments,
        "locale": _locale(subject, text),
        "thread": None if thread is None else thread.model_dump(),
    }


def _text(body: Body, subject: str, attachments: list[dict[str, Any]]) -> str:
    """Return the writer's own words, else the subject, else the names of what came with it."""
    own = own_words(body.text).own
    if not own:
        names = "、".join(str(one["name"]) for one in attachments)
        own = subject or (f"（附件：{names}）" if names else EMPTY)
    return own if len(own) <= LONGEST_TEXT else f"{own[: LONGEST_TEXT - 1]}…"


def _told(mail: Mail, body: Body) -> dict[str, Any]:
    """Return what is kept of the mail beside the contact's own fields; absent where there is nothing to it."""
    words_of = own_words(body.text)
    told = {
        "text": body.text if words_of.shortened or len(body.text) > LONGEST_TEXT else "",
        "html": body.html,
        "subject": mail.subject,
        "reply_to": mail.sender.reply_to,
        "doubts": list(mail.sender.doubts),
    }
    return {name: value for name, value in told.items() if value}


def _locale(subject: str, text: str) -> str:
    """Return `en` for a mail in Latin letters; the customer is answered in their language (R-NT-03)."""
    whole = f"{subject}\n{text[:2000]}"
    return "en" if not _HAN.search(whole) and len(_LATIN_WORD.findall(whole)) >= _FEW_WORDS else "zh-CN"
