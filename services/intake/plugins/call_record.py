"""A call as the telephone system recorded it, made into the agent's form (R-IN-01, R-IN-10).

    {"call_record": {"call_id": "1763863200.12", "caller": "+8613800138000", "called": "4008000000",
                     "began_at": "2026-11-23T10:00:00+08:00", "answered_at": "2026-11-23T10:00:08+08:00" or null,
                     "ended_at": "2026-11-23T10:03:28+08:00" or null, "agent_id": "service-1" or null,
                     "rings": 2, "hold_seconds": 30, "recording": "…" or null}}

`ended_at` is null where nobody saw the end (`unobserved` is true then), `caller_provenance` says how the number came where it
was not given by the customer (R-IN-03), `extension` is where it was answered; what else is told is kept among the details.
What the record does not say, the agent completes (R-IN-07).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from shared.events import Fault

MOMENTS: Final = ("began_at", "answered_at", "ended_at")
READ: Final = frozenset({*MOMENTS, "caller", "caller_provenance", "direction", "agent_id", "rings", "hold_seconds"})
"""What has its own place in the form; anything else that a telephone system tells is a detail."""
UNKNOWN_CALLERS: Final = frozenset({"anonymous", "unknown", "unavailable", "restricted", "private", "<unknown>"})


def form_of_record(record: Any) -> dict[str, Any] | list[Fault]:
    """Return the agent's form that `record` stands for, or its faults."""
    if not isinstance(record, Mapping):
        return [Fault("call_record", "must be an object")]
    moments, faults = _moments(record)
    if faults:
        return faults
    began, answered, ended = (moments.get(name) for name in MOMENTS)
    missed = answered is None
    form: dict[str, Any] = {
        "occurred_at": record["began_at"],
        "customer": _customer(record.get("caller"), record.get("caller_provenance")),
        "call": {
            "missed": missed,
            "rings": record.get("rings"),
            "hold_seconds": record.get("hold_seconds"),
        },
        "details": {name: value for name, value in record.items() if name not in READ and value not in (None, "")},
        "agent_id": record.get("agent_id"),
    }
    if answered is not None:
        seconds = (ended - answered).total_seconds() if ended is not None else None
        form["duration_seconds"] = seconds
        form["text"] = _told(seconds)
    elif began is not None and ended is not None:
        form["details"]["waited_seconds"] = (ended - began).total_seconds()
    return form


def _moments(record: Mapping[str, Any]) -> tuple[dict[str, datetime | None], list[Fault]]:
    """Return when the call began, was answered and ended; each time is a fault that is none or comes too early."""
    moments: dict[str, datetime | None] = {}
    faults: list[Fault] = []
    before: datetime | None = None
    for name in MOMENTS:
        written = record.get(name)
        if written is None and name != "began_at":
            moments[name] = None
            continue
        at = _moment(written)
        if at is None:
            faults.append(Fault(f"call_record.{name}", "must be a text like 2026-11-23T10:15:00+08:00"))
            continue
        if before is not None and at < before:
            faults.append(Fault(f"call_record.{name}", "lies before what precedes it"))
        moments[name] = before = at
    return moments, faults


def _moment(written: Any) -> datetime | None:
    """Return the time that `written` names with its offset, None where it names none."""
    try:
        at = datetime.fromisoformat(written)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo is not None else None


def _customer(caller: Any, provenance: Any) -> dict[str, Any]:
    """Return what the number tells of the customer; who withholds it stays anonymous (R-IN-04)."""
    number = caller.strip() if isinstance(caller, str) else ""
    if not number or number.casefold() in UNKNOWN_CALLERS:
        return {}
    return {"phone": number} | ({"provenance": {"phone": provenance}} if isinstance(provenance, str) else {})


def _told(seconds: float | None) -> str:
    """Return what stands for the conversation until the agent has written down what it was about."""
    if seconds is None:
        return "来电已接听，登记待补。"
    minutes, rest = divmod(round(seconds), 60)
    return f"来电已接听，通话 {minutes} 分 {rest} 秒，登记待补。"
