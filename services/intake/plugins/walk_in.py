"""Walk-in 来访: the form that the agent at the desk fills in for a visitor."""

from collections.abc import Mapping
from typing import Any

from services.intake.plugins.agent_form import with_agent, with_duration
from services.intake.plugins.generic import prepared, read_form
from services.intake.ports import Reading
from shared.plugins import Plugin


class WalkInChannel:
    """Reads the agent's form."""

    name = "walk_in"

    def read(self, data: Mapping[str, Any]) -> Reading:
        """Return the contact in `data`, or its faults."""
        return read_form(with_duration(with_agent(prepared(data))))


plugin = Plugin(
    kind="channel",
    name="walk_in",
    api=1,
    summary="The form that an agent fills in at the counter",
    build=lambda _setup: WalkInChannel(),
)
