"""A channel adapter: publishes contacts in atomic batches until the server has acknowledged them."""

import asyncio
import itertools
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import nats.errors
from nats.aio.client import Client

from tests.e2e.suite import contact, envelope
from tests.faults.chaos.ledger import Ledger
from tests.faults.chaos.plan import Batch, Plan
from tests.pace import at
from tests.polling import until

SUBJECT = "yingda.contact.received.web"
ACK_SECONDS = 4.0
AGAIN_SECONDS = 0.3


def source_id(number: int) -> str:
    """Return the contact's `<source>/<id>`."""
    return f"web/shop/chaos-{number}"


class Adapter:
    """Publishes the batches of a plan at their moments and notes in the ledger what was acknowledged."""

    def __init__(self, client: Client, plan: Plan, ledger: Ledger, now: Callable[[], datetime]) -> None:
        self._client = client
        self._plan = plan
        self._ledger = ledger
        self._now = now
        self._bodies: dict[int, bytes] = {}
        self._names = itertools.count(1)
        self.published = 0
        """Batches that are acknowledged."""
        self.refused = 0
        """Publications that had to be repeated."""

    async def publish(self, began: float) -> None:
        """Return when everything has been acknowledged as often as the plan says."""
        async with asyncio.TaskGroup() as group:
            for batch in self._plan.batches:
                await at(began + batch.at)
                group.create_task(self._batch(batch))

    async def _batch(self, batch: Batch) -> None:
        if not batch.stamped:
            await until(lambda: self._whole(batch), None, every=AGAIN_SECONDS)
        elif not await self._whole(batch):  # it holds one that the server knows: then each alone, as the contract says
            for number in batch.contacts:
                await until(partial(self._alone, number), None, every=AGAIN_SECONDS)
        self._ledger.acknowledged.update(source_id(number) for number in batch.contacts)
        self.published += 1

    async def _whole(self, batch: Batch) -> bool:
        """Publish as one atomic batch; return whether it was acknowledged."""
        name = f"chaos-{self._plan.seed}-{next(self._names)}"
        try:
            for place, number in enumerate(batch.contacts, start=1):
                headers = {"Nats-Batch-Id": name, "Nats-Batch-Sequence": str(place)} | _stamp(batch, number)
                if place < len(batch.contacts):
                    await self._client.publish(SUBJECT, self._body(number), headers=headers)
                    continue
                headers["Nats-Batch-Commit"] = "1"
                reply = await self._client.request(SUBJECT, self._body(number), headers=headers, timeout=ACK_SECONDS)
        except (nats.errors.Error, OSError, TimeoutError):
            self.refused += 1
            return False
        answer: dict[str, Any] = json.loads(reply.data)
        acknowledged = "error" not in answer and answer.get("count", 1) == len(batch.contacts)
        self.refused += not acknowledged
        return acknowledged

    async def _alone(self, number: int) -> bool:
        """Publish one contact; return whether it was acknowledged."""
        try:
            await self._client.jetstream().publish(
                SUBJECT, self._body(number), stream="CONTACTS",
                headers={"Nats-Msg-Id": source_id(number)}, timeout=ACK_SECONDS,
            )  # fmt: skip
        except (nats.errors.Error, OSError, TimeoutError):
            self.refused += 1
            return False
        return True

    def _body(self, number: int) -> bytes:
        """Return the contact's body: made at its first delivery, and the same at each repeat."""
        if number not in self._bodies:
            life = self._plan.lives[number]
            fields = contact(
                text=TEXTS[number % len(TEXTS)],
                occurred_at=self._now().isoformat(),
                category=life.category,
                topic=life.topic,
            )
            fields["customer"] |= {"name": f"客户{life.customer}", "phone": f"139{life.customer:08d}"}
            self._bodies[number] = envelope(fields, "web", f"chaos-{number}")
        return self._bodies[number]


def _stamp(batch: Batch, number: int) -> dict[str, str]:
    return {"Nats-Msg-Id": source_id(number)} if batch.stamped else {}


TEXTS: Sequence[str] = (
    "我上周买的空调不制冷,要求换货",
    "请问你们的工业空调一次采购一百台有什么价格",
    "上周报修到现在没有人联系我,我很不满意",
    "想了解一下你们平台的项目怎么对接",
    "你们客服几点上班",
)
