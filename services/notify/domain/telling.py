"""What the values of a template are made of."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.notify.domain.facts import Contact
from shared.events import Purpose
from shared.policy import Policy
from shared.values import frozen

SMS_QUOTE = 32
"""Characters of the customer's or a colleague's words in an SMS."""
LETTER_QUOTE = 600


@frozen
class Telling:
    """What a message is made of: the facts of its notice, and whom it tells them how and when."""

    values: Mapping[str, Any]
    purpose: Purpose
    language: str
    channel: str
    now: datetime
    policy: Policy
    contact: Contact | None
    staff_name: str | None

    @property
    def sms(self) -> bool:
        """Whether there is room for little."""
        return self.channel == "sms"

    @property
    def limit(self) -> int:
        """Characters of the customer's or a colleague's words."""
        return SMS_QUOTE if self.sms else LETTER_QUOTE
