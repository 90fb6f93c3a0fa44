"""The events of a work order in words: what happened, and what of it a reader wants to know."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.times import parse_rfc3339

Json = Mapping[str, Any]
Local = Callable[[datetime], str]
"""Writes a moment as a reader's clock shows it."""

_NAMES = {
    "sla.met": "clock met",
    "sla.warned": "clock warned",
    "sla.breached": "clock breached",
    "sla.escalated": "clock escalated",
    "notification.suppressed": "notice held back",
    "callback.attempted": "callback tried",
    "workorder.called_back": "called back",
    "workorder.handed_over": "handed over",
}
_ENTITIES = {"sla": "clock", "notification": "notice", "workorder": ""}
_OTHERS = ("metric", "kind", "outcome", "department", "reason")
_MOMENTS = ("due_at", "previous_due_at", "promised_at", "next_at", "cutoff_at")


def name_of(event_type: str) -> str:
    """Return what happened, as in `clock started` for `yingda.sla.started.v1`."""
    _product, entity, verb, _version = event_type.split(".")
    if f"{entity}.{verb}" in _NAMES:
        return _NAMES[f"{entity}.{verb}"]
    return f"{_ENTITIES.get(entity, entity)} {verb}".strip().replace("_", " ")


def about(event_type: str, data: Json, local: Local) -> str:
    """Return what an event says beside that; empty where there is nothing to say."""
    entity = event_type.split(".")[1]
    told = {name: local(parse_rfc3339(str(data[name]))) for name in _MOMENTS if data.get(name)}
    words = _WORDS.get(entity, _other)(data, told)
    return ", ".join(word for word in words if word)


def lasted(time: timedelta) -> str:
    """Return a length of time in its two largest units, as in `3 min 05 s`."""
    seconds = abs(time.total_seconds())
    sign = "-" if time.total_seconds() < 0 else ""
    if seconds < 1:
        return f"{sign}{seconds * 1000:.0f} ms"
    if seconds < 60:  # noqa: PLR2004 (a minute)
        return f"{sign}{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:  # noqa: PLR2004 (an hour)
        return f"{sign}{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:  # noqa: PLR2004 (two days)
        return f"{sign}{hours} h {minutes:02d} min"
    days, hours = divmod(hours, 24)
    return f"{sign}{days} d {hours:02d} h"


def _clock(data: Json, told: Mapping[str, str]) -> list[str]:
    late = timedelta(seconds=float(data.get("late_seconds") or 0))
    return [
        str(data.get("metric", "")),
        _cycle(data),
        f"{data['percent']} %" if data.get("percent") else "",
        f"to {data['step']}" if data.get("step") else "",
        f"was due {told['previous_due_at']}" if "previous_due_at" in told else "",
        f"due {told['due_at']}" if "due_at" in told else "",
        "provisional" if data.get("provisional") else "",
        f"{lasted(late)} late" if late > timedelta() else "",
        f"{lasted(timedelta(seconds=data['used_seconds']))} used" if data.get("used_seconds") else "",
    ]


def _notice(data: Json, _told: Mapping[str, str]) -> list[str]:
    return [
        f"{data.get('purpose')} to {data.get('audience')} by {data.get('transport')}",
        f"attempt {data['attempt']}" if data.get("attempt", 1) > 1 else "",
        str(data.get("reason") or ""),
    ]


def _callback(data: Json, told: Mapping[str, str]) -> list[str]:
    solved = data.get("solved")
    return [
        str(data.get("kind", "")),
        _cycle(data),
        str(data.get("outcome") or ""),
        "" if solved is None else "solved" if solved else "not solved",
        f"score {data['score']}" if data.get("score") is not None else "",
        str(data.get("satisfaction") or ""),
        f"due {told['due_at']}" if "due_at" in told and not data.get("outcome") else "",
        f"again {told['next_at']}" if "next_at" in told else "",
    ]


def _contact(data: Json, _told: Mapping[str, str]) -> list[str]:
    return [str(data.get("channel") or ""), ", ".join(data.get("completed") or ())]


def _knowledge(data: Json, _told: Mapping[str, str]) -> list[str]:
    return [f"entry {data.get('entry_id')}", f"revision {data['revision']}" if data.get("revision") else ""]


def _other(data: Json, told: Mapping[str, str]) -> list[str]:
    said = [str(data[name]) for name in _OTHERS if data.get(name)]
    return [*said, f"due {told['due_at']}" if "due_at" in told else ""]


def _cycle(data: Json) -> str:
    return f"cycle {data['cycle']}" if data.get("cycle", 1) > 1 else ""


_WORDS: Mapping[str, Callable[[Json, Mapping[str, str]], list[str]]] = {
    "sla": _clock,
    "notification": _notice,
    "callback": _callback,
    "contact": _contact,
    "knowledge": _knowledge,
}
