"""The rehearsed day: which contact comes in when, and the two that test what happens when things go wrong."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

from pydantic_core import to_json

from shared.times import rfc3339

START = datetime.fromisoformat("2026-11-23T09:00:00+08:00")
"""A Monday, at opening."""
END = START + timedelta(hours=9)
SPEED = 540
"""The nine hours take a minute."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message of a channel adapter: when it comes, on which channel, and its body."""

    at: datetime
    channel: str
    message_id: str
    body: bytes


def arrivals() -> list[Arrival]:
    """Return the day's messages in order: 60 contacts, one of them delivered twice, and one that nobody can read."""
    lines = files("shared.cli.demo").joinpath("contacts.jsonl").read_text(encoding="utf-8").splitlines()
    day = [_arrival(json.loads(line)) for line in lines]
    again = day[len(day) // 3]
    day.append(Arrival(again.at + timedelta(minutes=4), again.channel, again.message_id, again.body))
    day.append(Arrival(START + timedelta(minutes=150), "web", "web/demo/broken", b'{"specversion": "1.0", "data": {}}'))
    return sorted(day, key=lambda arrival: arrival.at)


def _arrival(line: dict[str, Any]) -> Arrival:
    at = START + timedelta(minutes=line["minute"])
    source = f"{line['channel']}/demo"
    envelope = {
        "specversion": "1.0",
        "id": line["id"],
        "source": source,
        "type": "yingda.contact.received.v1",
        "time": rfc3339(at),
        "subject": line["id"],
        "datacontenttype": "application/json",
        "data": {"occurred_at": at.isoformat(), **line["contact"]},
    }
    return Arrival(at, line["channel"], f"{source}/{line['id']}", to_json(envelope))
