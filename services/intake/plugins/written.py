"""SMS 短信, as far as its adapter writes the generic form; and email, which has a package of its own."""

from collections.abc import Mapping
from typing import Any

from services.intake.plugins.email.channel import plugin as email
from services.intake.plugins.generic import prepared, read_form
from services.intake.ports import Reading
from shared.plugins import Plugin

__all__ = ["SmsChannel", "email", "sms"]


class SmsChannel:
    """Reads the generic form that an adapter makes of an inbound short message."""

    name = "sms"

    def read(self, data: Mapping[str, Any]) -> Reading:
        """Return the contact in `data`, or its faults."""
        return read_form(prepared(data))


sms = Plugin(kind="channel", name="sms", api=1, summary="Inbound short messages", build=lambda _setup: SmsChannel())
