"""Email 邮件: the raw form that the adapters put on the bus, or the generic form, as a contact (ADR 0040)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from services.intake.plugins.email.parts import from_base64
from services.intake.plugins.email.reading import Arrived, aside_of, form_of_mail, mail_of
from services.intake.plugins.generic import prepared, read_form, unreadable
from services.intake.ports import Reading
from shared.events import Fault
from shared.plugins import Plugin


class EmailConfig(BaseModel):
    """What the channel has to know of the house."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    addresses: tuple[str, ...] = Field(default=(), max_length=100, description="ours, besides that of the mailbox")


class EmailChannel:
    """Reads a mail as it came, with all that people and programs get wrong; or the generic form."""

    name = "email"

    def __init__(self, config: EmailConfig | None = None) -> None:
        self._addresses = (config or EmailConfig()).addresses

    def read(self, data: Mapping[str, Any]) -> Reading:
        """Return the contact in `data`, or what it is instead, or its faults."""
        form = prepared(data)
        if form.get("raw") is None:
            return read_form(form)
        raw = from_base64(form["raw"]) if isinstance(form["raw"], str) else None
        received_at = _moment(form.get("received_at"))
        faults = [] if raw else [Fault("raw", "must be a mail in base64")]
        if received_at is None:
            faults.append(Fault("received_at", "is required, with its offset, as in 2026-11-23T10:15:00+08:00"))
        if not raw or received_at is None:
            return unreadable(faults)
        mailbox, sender = form.get("mailbox"), form.get("envelope_from")
        arrived = Arrived(
            raw,
            received_at,
            (*self._addresses, *((mailbox,) if isinstance(mailbox, str) else ())),
            sender if isinstance(sender, str) else None,
            form.get("attachments"),
        )
        mail = mail_of(arrived)
        aside = aside_of(arrived, mail)
        return read_form(prepared(form_of_mail(arrived, mail))) if aside is None else aside


def _moment(written: Any) -> datetime | None:
    if not isinstance(written, str):
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


plugin = Plugin(
    kind="channel",
    name="email",
    api=1,
    summary="Mails as people send them",
    build=lambda setup: EmailChannel(setup.config),
    config=EmailConfig,
)
