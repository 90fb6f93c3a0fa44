"""The staff of the rehearsed day: they see events as anyone can and act through the commands of the contract only.

Each person is as quick as a person is; some are late on purpose, so that there is something to see in the table.
"""

import asyncio
import heapq
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as NatsTimeoutError
from pydantic_core import from_json, to_json

from shared.cli.demo.acquaintances import Acquaintances
from shared.clock import Clock, sleep_until

MINUTE = timedelta(minutes=1)
REPLY_SECONDS = 5.0
_SYSTEM = "system"


@dataclass(order=True, slots=True)
class _Task:
    at: datetime
    number: int
    subject: str = field(compare=False)
    body: Mapping[str, Any] = field(compare=False)


class Staff:
    """Reacts to events with commands at the time when a person would."""

    def __init__(self, client: Client, clock: Clock, seed: int, until: datetime) -> None:
        self._client = client
        self._clock = clock
        self._random = random.Random(seed)  # noqa: S311 (a rehearsal that comes out the same each time)
        self._until = until
        self._tasks: list[_Task] = []
        self._numbers = count(1)
        self._wake = asyncio.Event()
        self._callers: dict[str, str] = {}
        self._customers = Acquaintances()
        self._contacts: dict[str, str] = {}
        self._unverified: set[str] = set()
        self.refused: list[str] = []
        self.commands = 0
        self._reactions: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "contact.registered": self._customers.meet,
            "workorder.opened": self._opened,
            "workorder.classified": self._classified,
            "workorder.supplemented": self._supplemented,
            "workorder.transferred": self._handed_on,
            "workorder.reopened": self._take_up,
            "workorder.resolved": self._resolved,
            "workorder.returned": self._returned,
            "workorder.signed": self._signed,
            "callback.scheduled": self._callback,
            "callback.attempted": self._callback_again,
            "knowledge.drafted": self._drafted,
        }

    async def see(self, message: Msg) -> None:
        """React to one event."""
        react = self._reactions.get(message.subject.removeprefix("yingda.event."))
        if react is not None:
            react(from_json(message.data)["data"])

    async def work(self) -> None:
        """Issue the commands when their time has come, until the day is over."""
        while self._clock.now() < self._until:
            if self._tasks and self._tasks[0].at <= self._clock.now():
                await self._issue(heapq.heappop(self._tasks))
                continue
            await sleep_until(self._clock, min([self._until, *(task.at for task in self._tasks[:1])]), self._wake)

    async def _issue(self, task: _Task) -> None:
        body = {"command_id": f"demo-{task.number}", **task.body}
        try:
            reply = await self._client.request(f"yingda.command.{task.subject}", to_json(body), timeout=REPLY_SECONDS)
        except (NoRespondersError, NatsTimeoutError) as error:
            self.refused.append(f"{task.subject}: {error!r}")
            return
        self.commands += 1
        answer = from_json(reply.data)
        if not answer["ok"]:
            self.refused.append(f"{task.subject}: {answer['error']['title']} ({answer['error']['detail']})")

    def _do(self, subject: str, minutes: float, **body: Any) -> None:
        at = self._clock.now() + minutes * MINUTE
        heapq.heappush(self._tasks, _Task(at, next(self._numbers), subject, body))
        self._wake.set()

    def _agent(self, department: str) -> str:
        return f"{department}-{self._random.choice((1, 2))}"

    def _opened(self, event: Mapping[str, Any]) -> None:
        self._contacts[event["work_order_id"]] = event["contact_id"]
        if event["queue"] == "triage":
            self._do(
                "workorder.classify",
                self._random.uniform(3, 9),
                by="service-supervisor",
                work_order_id=event["work_order_id"],
                category=event["category"],
                topic=event["topic"],
            )
            return
        self._classified(event)

    def _classified(self, event: Mapping[str, Any]) -> None:
        if event.get("by") == _SYSTEM:
            return  # a completed register was assessed anew; whoever has the work order goes on
        self._register(event)
        self._take_up(event)

    def _register(self, event: Mapping[str, Any]) -> None:
        """Ask for what the register lacks (R-IN-07), and who the customer is before a sensitive request (R-IN-05)."""
        key, verify = event["work_order_id"], event["verification_required"]
        if verify:
            self._unverified.add(key)
            if self._customers.answers(self._contacts[key]) is not None:
                self._verify(key)
        asked = verify and key in self._unverified
        added = self._customers.ask(self._contacts[key], event["missing_fields"], verify=asked)
        if added:
            minutes = 0.5 if asked else self._random.uniform(3, 32)
            self._do("contact.complete", minutes, by=self._agent("service"), contact_id=self._contacts[key], **added)

    def _supplemented(self, event: Mapping[str, Any]) -> None:
        if event["work_order_id"] in self._unverified:
            self._verify(event["work_order_id"])

    def _verify(self, work_order_id: str) -> None:
        self._unverified.discard(work_order_id)
        answers = self._customers.answers(self._contacts[work_order_id]) or {}
        self._do("contact.verify", 1, by=self._agent("service"), work_order_id=work_order_id, **answers)

    def _take_up(self, event: Mapping[str, Any]) -> None:
        """Let the department answer the customer and later record its result; one in eight is slow."""
        key, agent = event["work_order_id"], self._agent(event["department"])
        first, result = {"urgent": (2, 40), "normal": (14, 90), "complex": (45, 160)}[event["grade"]]
        slow = self._random.random() < 0.125  # noqa: PLR2004 (one in eight)
        first_minutes = first * self._random.uniform(0.4, 1.2) * (4 if slow else 1)
        result_minutes = first_minutes + result * self._random.uniform(0.4, 1.2) * (2 if slow else 1)
        self._do(
            "workorder.respond",
            first_minutes,
            by=agent,
            work_order_id=key,
            audience="customer",
            text="您好，您反映的情况我们已经核实，正在为您处理，有结果会第一时间告诉您。",
        )
        if event["category"] == "membership" and event["department"] == "market":
            self._do(
                "workorder.transfer",
                result_minutes,
                by=agent,
                work_order_id=key,
                department="network",
                reason="双方已谈妥，入会材料齐全，请开通会员。",
            )
            return
        self._done(key, agent, result_minutes)

    def _handed_on(self, event: Mapping[str, Any]) -> None:
        """Let the department that has taken over bring a membership to its end."""
        self._done(event["work_order_id"], self._agent(event["department"]), self._random.uniform(20, 60))

    def _done(self, work_order_id: str, by: str, minutes: float) -> None:
        self._do(
            "workorder.resolve",
            minutes,
            by=by,
            work_order_id=work_order_id,
            outcome="resolved",
            text="已按您的要求处理完毕，相关信息已经更新。",
        )

    def _resolved(self, event: Mapping[str, Any]) -> None:
        approve = self._random.random() < 0.93  # noqa: PLR2004 (a supervisor returns one in fifteen)
        self._do(
            "workorder.sign",
            self._random.uniform(2, 15),
            by=f"{event['department']}-supervisor",
            work_order_id=event["work_order_id"],
            approve=approve,
            reason=None if approve else "处理依据没有写清楚，请补充。",
        )

    def _returned(self, event: Mapping[str, Any]) -> None:
        self._do(
            "workorder.resolve",
            self._random.uniform(5, 25),
            by=self._agent(event["department"]),
            work_order_id=event["work_order_id"],
            outcome="resolved",
            text="已补充处理依据，结果已经与客户要求核对一致。",
        )

    def _signed(self, event: Mapping[str, Any]) -> None:
        if event["confirmation_required"]:
            self._do(
                "workorder.confirm",
                self._random.uniform(3, 20),
                by=self._agent("service"),
                work_order_id=event["work_order_id"],
            )

    def _callback(self, event: Mapping[str, Any]) -> None:
        if event["kind"] == "supervisor_contact":
            by, minutes = f"{event['department']}-supervisor", self._random.uniform(20, 60)
        else:
            by, minutes = self._agent("service"), self._random.uniform(1, 9)
        self._callers[event["callback_id"]] = by
        self._record(event["callback_id"], by, minutes)

    def _callback_again(self, event: Mapping[str, Any]) -> None:
        self._record(event["callback_id"], self._callers[event["callback_id"]], self._random.uniform(60, 120))

    def _record(self, callback_id: str, by: str, minutes: float) -> None:
        chance = self._random.random()
        if chance < 0.1:  # noqa: PLR2004 (one customer in ten does not pick up)
            self._do("callback.record", minutes, by=by, callback_id=callback_id, outcome="no_answer")
            return
        score, satisfaction, solved = (9, "very_satisfied", True)
        if chance > 0.92:  # noqa: PLR2004 (one in twelve is not content)
            score, satisfaction, solved = (4, "dissatisfied", False)
        elif chance > 0.7:  # noqa: PLR2004
            score, satisfaction, solved = (8, "satisfied", True)
        self._do(
            "callback.record",
            minutes,
            by=by,
            callback_id=callback_id,
            outcome="reached",
            solved=solved,
            score=score,
            satisfaction=satisfaction,
            comment=_comment(by, solved),
        )

    def _drafted(self, event: Mapping[str, Any]) -> None:
        self._do(
            "knowledge.review",
            self._random.uniform(5, 30),
            by="service-supervisor",
            entry_id=event["entry_id"],
            approve=True,
        )


def _comment(by: str, solved: bool) -> str:
    """Return what is noted of a callback; a supervisor's contact ends with a note of what will be done better."""
    if by.endswith("-supervisor"):
        return "已向客户致歉；今后结果先与客户核对再结案。"
    return "" if solved else "问题还没有真正解决。"
