"""What sla accepts from plugins: actions that an escalation sets off besides messages (R-SLA-10).

An action is registered in the entry point group `yingda.escalation_actions` as a `Plugin` whose `build` takes an
`ActionSetup`; at which steps it is taken says the policy (`sla.ladder`, `actions`).
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from services.sla.domain.actions import Done as Done
from services.sla.domain.actions import Escalation as Escalation
from services.sla.domain.actions import Later as Later
from services.sla.domain.actions import Refused as Refused
from services.sla.domain.actions import Result as Result
from shared.plugins import Setup


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSetup(Setup):
    """What an action is built from: besides what every plugin gets, how long one attempt may take."""

    wait_seconds: float


@runtime_checkable
class EscalationAction(Protocol):
    """Does something about an escalation. Used by several tasks of one event loop at once."""

    async def act(self, escalation: Escalation) -> Result:
        """Take the action, within the time of the setup, and return `Done`, `Later` or `Refused`.

        It is asked again with the same `escalation.id` after `Later`, after whatever it raises, when it takes too long,
        and where the process ended before its answer was noted: what was done once must do no harm twice.
        """
        ...

    async def close(self) -> None:
        """Release what it holds; not used afterwards."""
        ...
