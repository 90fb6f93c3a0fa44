"""Contacts to measure with: the packaged sample's words and forms, each from a customer of its own."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from nats.aio.client import Client
from pydantic_core import to_json

from shared.bench.atomic import Outgoing, publish_atomically
from shared.simulation.history import SAMPLE
from shared.times import rfc3339

BATCH = 200
"""Contacts that an adapter publishes as one atomic batch."""
_SOURCE = "bench"


@dataclass(slots=True)
class Customers:
    """Makes contacts, no two alike; `run` tells those of one run from another's on the same servers."""

    run: int = 0
    _made: int = field(default=0)

    def contacts(self, count: int, at: datetime) -> list[Outgoing]:
        """Return `count` further contacts that happened at `at`, as messages."""
        begin, self._made = self._made, self._made + count
        return [self._contact(number, at) for number in range(begin, begin + count)]

    def _contact(self, number: int, at: datetime) -> Outgoing:
        line = _sample()[number % len(_sample())]
        key = self.run * 10_000_000 + number
        name = f"{self.run}-{number}"
        source = f"{line['channel']}/{_SOURCE}"
        envelope = {
            "specversion": "1.0",
            "id": name,
            "source": source,
            "type": "yingda.contact.received.v1",
            "time": rfc3339(at),
            "subject": name,
            "datacontenttype": "application/json",
            "data": _varied(line["contact"], key) | {"occurred_at": at.isoformat()},
        }
        return Outgoing(f"yingda.contact.received.{line['channel']}", to_json(envelope), f"{source}/{name}")


def _varied(contact: Mapping[str, Any], key: int) -> dict[str, Any]:
    """Return the contact as another customer would have written it: reachable, and with numbers of their own."""
    customer = dict(contact["customer"])
    customer["phone"] = f"1{3 + key // 100_000_000 % 7}{9 - key % 2}{key % 100_000_000:08d}"
    if customer.get("email"):
        customer["email"] = f"customer-{key}@example.com"
    if customer.get("member_no"):
        customer["member_no"] = f"M{key:09d}"
    details = dict(contact["details"])
    if details.get("order_no"):
        details["order_no"] = f"{202_300_000_000 + key}"
    return {**contact, "text": f"{contact['text']} (单号{key})", "customer": customer, "details": details}


@cache
def _sample() -> Sequence[Mapping[str, Any]]:
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


async def publish(client: Client, contacts: Sequence[Outgoing]) -> None:
    """Publish `contacts` as an adapter does that has many: in atomic batches, each acknowledged before the next."""
    for start in range(0, len(contacts), BATCH):
        await publish_atomically(client, contacts[start : start + BATCH])
