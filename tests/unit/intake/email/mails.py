"""Mails for the tests: read as an adapter would have them read, and those of the corpora in tests/data/mail."""

import base64
from pathlib import Path
from typing import Any

from services.intake.plugins.email import take_apart
from services.intake.plugins.email.channel import EmailChannel
from services.intake.ports import Reading
from shared.events import Contact

CORPORA = Path(__file__).parents[3] / "data" / "mail"
RECEIVED = "2026-11-23T10:15:00+08:00"
CHANNEL = EmailChannel()


def raw_form(mail: bytes, **beside: Any) -> dict[str, Any]:
    """Return what an adapter publishes of `mail`, whose attachments it has not stored."""
    raw = base64.b64encode(take_apart(mail).raw).decode()
    return {"raw": raw, "received_at": RECEIVED, "mailbox": "service@example.com", **beside}


def read(mail: bytes, **beside: Any) -> Reading:
    """Return what the channel makes of `mail`."""
    return CHANNEL.read(raw_form(mail, **beside))


def contact(mail: bytes, **beside: Any) -> Contact:
    """Return the contact that `mail` is."""
    reading = read(mail, **beside)
    assert isinstance(reading, Contact), reading
    return reading


def letter(body: bytes | str, *headers: str, sender: str = "Wang Fang <wang@example.org>") -> bytes:
    """Return a mail with the given body and further header lines."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"From: {sender}", "To: service@example.com", "Message-ID: <1@example.org>", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def corpus(name: str) -> list[Path]:
    """Return the mails of a corpus."""
    return sorted(path for path in (CORPORA / name).iterdir() if path.name != "README.md")
