"""The channel that stands in for one whose plugin cannot be used: its contacts become dead letters, with the reason."""

from collections.abc import Mapping
from typing import Any

from services.intake.ports import Reading, Unreadable
from shared.plugins import UnusableError


class Unusable:
    """Reads nothing; once the plugin works again, the dead letters of its channel can be replayed."""

    def __init__(self, error: UnusableError) -> None:
        self.name = error.name
        self._reading = Unreadable(f"the contact cannot be read: {error.why}")

    def read(self, data: Mapping[str, Any]) -> Reading:
        """Return why no contact of this channel can be read now."""
        del data
        return self._reading
