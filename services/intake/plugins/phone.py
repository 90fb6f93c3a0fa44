"""Phone 电话: the form that the agent fills in during the call, or the telephone system for a missed one (R-IN-10)."""

from collections.abc import Mapping
from typing import Any, Final

from services.intake.plugins.agent_form import with_agent, with_duration
from services.intake.plugins.generic import prepared, read_form
from services.intake.ports import Reading

MISSED_CALL: Final = "未接来电，请回电。"


class PhoneChannel:
    """Reads the agent's form; `"missed": true` makes a contact of a call that nobody answered, text or not.

    Figures of the call, such as `rings` and `hold_seconds`, are kept among the details.
    """

    name = "phone"

    def read(self, data: Mapping[str, Any]) -> Reading:
        """Return the contact in `data`, or its faults."""
        form = with_duration(with_agent(prepared(data)))
        if form.get("missed") is True and not form.get("text"):
            form["text"] = MISSED_CALL
        return read_form(form)
