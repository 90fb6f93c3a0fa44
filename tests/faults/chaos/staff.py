"""The staff: does with each work order what the plan says, through the contract, asking again until it is answered."""

import asyncio
from collections.abc import Mapping
from typing import Any

import nats.errors
from nats.aio.client import Client
from pydantic_core import from_json, to_json

from tests.faults.chaos.adapter import source_id
from tests.faults.chaos.ledger import Ledger
from tests.faults.chaos.plan import Plan
from tests.pace import lasts
from tests.polling import until

REPLY_SECONDS = 4.0
AGAIN_SECONDS = 0.4
AT_ONCE = 32
REPEAT_EACH = 50
"""One acknowledged command in so many is asked once more: its answer must be the same."""
BUSY = 503


class Staff:
    """Lives every work order's planned life as it opens; cancels what is left at the end."""

    def __init__(self, client: Client, plan: Plan, ledger: Ledger, speed: float) -> None:
        self._client = client
        self._lives = {source_id(number): life for number, life in enumerate(plan.lives)}
        self._ledger = ledger
        self._speed = speed
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._callbacks: dict[str, asyncio.Future[str]] = {}
        self.unreached = 0
        """Requests that had to be repeated."""

    def see(self, event: Mapping[str, Any]) -> None:
        """Take up a work order that has opened, and a callback that is to be made."""
        data = event["data"]
        if event["type"] == "yingda.workorder.opened.v1":
            life = self._lives.get(data["source_id"])
            if life is not None and life.steps and data["work_order_id"] not in self._tasks:
                work = self._live(data["work_order_id"], data["department"], life.steps)
                self._tasks[data["work_order_id"]] = asyncio.create_task(work)
        elif event["type"] == "yingda.callback.scheduled.v1" and data["kind"] == "callback":
            known = self._callback(data["work_order_id"])
            if not known.done():
                known.set_result(data["callback_id"])

    @property
    def busy(self) -> list[str]:
        """The work orders whose planned life goes on."""
        return [key for key, task in self._tasks.items() if not task.done()]

    async def finish(self) -> None:
        """End every life that is not lived to its end, as one that waits for a callback that never came."""
        for task in self._tasks.values():
            task.cancel()
        outcomes = await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    async def cancel(self, work_orders: list[str]) -> None:
        """Cancel these: what still runs for them ends."""
        async with asyncio.TaskGroup() as group:
            for key in work_orders:
                group.create_task(self._do("cancel", key, "service-supervisor", f"{key}/end"))

    async def _live(self, key: str, department: str, steps: tuple[tuple[str, float], ...]) -> None:
        for step, minutes in steps:
            await lasts(minutes * 60 / self._speed)
            by = {"sign": f"{department}-supervisor", "confirm": "service-1"}.get(step, f"{department}-1")
            if step == "record":
                await self._record(key, await self._callback(key))
            elif not await self._do(step, key, by, f"{key}/{step}"):
                return

    def _callback(self, key: str) -> asyncio.Future[str]:
        return self._callbacks.setdefault(key, asyncio.get_running_loop().create_future())

    async def _record(self, key: str, callback_id: str) -> None:
        answer = {"outcome": "reached", "solved": True, "score": 9, "satisfaction": "satisfied"}
        body = {"by": "service-1", "callback_id": callback_id, **answer}
        await self._ask("callback.record", key, f"{key}/record", "", body)

    async def _do(self, step: str, key: str, by: str, command_id: str) -> bool:
        text = f"处理意见 {command_id}"
        words: dict[str, dict[str, Any]] = {
            "respond": {"text": text, "audience": "customer"},
            "resolve": {"text": text, "outcome": "resolved"},
            "sign": {"approve": True},
            "confirm": {},
            "pause": {"reason": text},
            "resume": {"reason": text},
            "cancel": {"reason": text},
        }
        return await self._ask(
            f"workorder.{step}", key, command_id, text, {"by": by, "work_order_id": key, **words[step]}
        )

    async def _ask(self, name: str, key: str, command_id: str, text: str, body: Mapping[str, Any]) -> bool:
        """Ask until there is an answer; return whether it was yes."""
        asked = self._ledger.ask(command_id, name.partition(".")[2], key, text)
        request = to_json({"command_id": command_id, **body})
        async with self._turn:
            await self._settle(name, command_id, request)
            if len(self._ledger.commands) % REPEAT_EACH == 0:
                await self._settle(name, command_id, request)
        return asked.done

    async def _settle(self, name: str, command_id: str, request: bytes) -> None:
        await until(lambda: self._answered(name, command_id, request), None, every=AGAIN_SECONDS)

    async def _answered(self, name: str, command_id: str, request: bytes) -> bool:
        """Ask once; return whether there was an answer that is to be noted."""
        self._ledger.commands[command_id].attempts += 1
        try:
            message = await self._client.request(f"yingda.command.{name}", request, timeout=REPLY_SECONDS)
        except (nats.errors.Error, OSError, TimeoutError):
            self.unreached += 1
            return False
        reply = from_json(message.data)
        if not reply["ok"] and reply["error"]["status"] == BUSY:
            self.unreached += 1
            return False
        self._ledger.answered(command_id, reply)
        return True
