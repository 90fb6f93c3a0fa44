"""Phone 电话: the form that the agent fills in during the call, or the telephone system for a missed one (R-IN-10)."""

from collections.abc import Mapping
from typing import Any, Final

from services.intake.plugins.agent_form import seconds, with_agent, with_duration
from services.intake.plugins.call_record import form_of_record
from services.intake.plugins.generic import prepared, read_form, unreadable
from services.intake.ports import Reading
from shared.events import CallFigures, PhoneContact
from shared.events.customer import yes_or_no
from shared.plugins import Plugin

MISSED_CALL: Final = "未接来电，请回电。"
FIGURES: Final = tuple(CallFigures.model_fields)


class PhoneChannel:
    """Reads the agent's form; `call` holds the figures of the call, and `missed` says that nobody answered it.

        {"missed": false, "rings": 2, "introduction_seconds": 12, "hold_seconds": "0:45",
         "unresolved": false, "callback_offered": false, "callback_declined": false}

    Figures may stand flat in the form or among its details as well; those that make sense there count, and all are
    kept. A figure in `call` that makes no sense is a fault. A missed call needs no text.
    """

    name = "phone"

    def read(self, data: Mapping[str, Any]) -> Reading:
        """Return the contact in `data`, the agent's form or a `call_record`, or its faults."""
        if "call_record" in data:
            recorded = form_of_record(data["call_record"])
            if isinstance(recorded, list):
                return unreadable(recorded)
            data = recorded
        form = with_duration(with_agent(prepared(data)))
        figures, rest = _parted(form.pop("call", None))
        if rest:
            form["details"] = _with_rest(form.get("details"), rest)
        form["call"] = _flat(form) | figures
        if form["call"].get("missed") is True and not form.get("text"):
            form["text"] = MISSED_CALL
        return read_form(form, PhoneContact)


def _parted(call: Any) -> tuple[dict[str, Any], Any]:
    """Return the figures in `call`, and whatever else stands there: it is kept among the details."""
    if not isinstance(call, dict):
        return {}, call
    figures = {name: _read(name, call[name]) for name in FIGURES if call.get(name) is not None}
    return figures, {name: value for name, value in call.items() if name not in FIGURES}


def _with_rest(details: Any, rest: Any) -> Any:
    if details is None:
        return {"call": rest}
    return {"call": rest, **details} if isinstance(details, dict) else details


def _flat(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures that stand in the form itself or among its details, as far as they make sense."""
    details = form.get("details")
    beside = {**(details if isinstance(details, dict) else {}), **form}
    figures = {name: _read(name, beside[name]) for name in FIGURES if beside.get(name) is not None}
    return {name: value for name, value in figures.items() if _makes_sense(name, value)}


def _read(name: str, value: Any) -> Any:
    if name.endswith("_seconds"):
        return seconds(value)
    said = None if name == "rings" else yes_or_no(value)
    return value if said is None else said


def _makes_sense(name: str, value: Any) -> bool:
    if name == "rings":
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if name.endswith("_seconds"):
        return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
    return isinstance(value, bool)


plugin = Plugin(
    kind="channel",
    name="phone",
    api=1,
    summary="The form that an agent fills in during a call, and missed calls",
    build=lambda _setup: PhoneChannel(),
)
