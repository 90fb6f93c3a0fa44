"""What an agent fills in for a customer, at the telephone or at the desk."""

import re
from typing import Any, Final

_MINUTES: Final = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):([0-5]\d)")


def with_agent(form: dict[str, Any]) -> dict[str, Any]:
    """Return `form` with the agent's id as a text, also where the desk calls the field `agent` or writes a number."""
    agent = form.pop("agent") if form.get("agent_id") is None and _is_id(form.get("agent")) else form.get("agent_id")
    if _is_id(agent):
        form["agent_id"] = str(agent).strip() or None
    return form


def with_duration(form: dict[str, Any]) -> dict[str, Any]:
    """Return `form` with its duration in seconds, also where a telephone system wrote 2:25 or 1:02:25."""
    if "duration_seconds" in form:
        form["duration_seconds"] = seconds(form["duration_seconds"])
    return form


def seconds(written: Any) -> Any:
    """Return a time that a telephone system wrote as 2:25 or 1:02:25 in seconds, a blank as None, all else as it is."""
    if not isinstance(written, str):
        return written
    match = _MINUTES.fullmatch(written.strip())
    if match is None:
        return written if written.strip() else None
    hours, minutes, rest = (int(part or 0) for part in match.groups())
    return (hours * 60 + minutes) * 60 + rest


def _is_id(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)
