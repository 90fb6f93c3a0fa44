"""Commands over request and reply: validated, answered after the commit, safe to repeat (contract, "Commands").

The same `command_id` with the same body gives the same reply; with another body it is refused with 409. A mere question
(`KEPT` is off) is answered anew every time.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json
from sqlalchemy import select

from shared import metrics
from shared.bus.failures import is_transient, told
from shared.bus.outbox import Outbox
from shared.bus.settle import settle
from shared.bus.transaction import Transaction
from shared.bus.wire import trace_in
from shared.db import insert_rows
from shared.events import Command, Fault, Problem, faults_of, refuse

CommandHandler = Callable[[Transaction, Any], Awaitable[Mapping[str, Any] | Problem]]
"""Does what one command asks inside a transaction and returns the `result`; or the problem, before it wrote anything."""

log = structlog.get_logger()


class _Refused(Exception):
    """Carries the problem of a command that was refused before its handler ran."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.title)
        self.problem = problem


class CommandDesk:
    """Answers the commands of one service; replicas share them through a queue group."""

    def __init__(self, outbox: Outbox, handlers: Mapping[type[Command], CommandHandler]) -> None:
        self._outbox = outbox
        self._handlers = {model.SUBJECT: (model, handler) for model, handler in handlers.items()}

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects that this desk answers."""
        return tuple(sorted(self._handlers))

    async def answer(self, subject: str, body: bytes, trace: str | None = None) -> bytes:
        """Return the JSON reply to one request, which came with `trace`; never raises."""
        began = time.perf_counter()
        name = subject.removeprefix("yingda.command.")
        try:
            reply = await self._reply(subject, body, trace)
        except _Refused as refused:
            reply = _failure(refused.problem)
        except Exception as error:  # noqa: BLE001 (a desk that gets no answer cannot know what happened)
            log.error("command failed", command=name, **told(error))  # noqa: TRY400 (its words may quote a customer)
            reply = _failure(_trouble(error))
        status = str(from_json(reply).get("error", {}).get("status", 200))
        metrics.COMMANDS.labels(self._outbox.service, name, status).inc()
        metrics.COMMAND_SECONDS.labels(self._outbox.service, name).observe(time.perf_counter() - began)
        return reply

    async def _reply(self, subject: str, body: bytes, trace: str | None) -> bytes:
        model, handler = self._handlers[subject]
        command = _validated(model, body)
        if not model.KEPT:
            async with self._outbox.transaction() as tx:
                return _answer(await handler(tx, command))
        digest = hashlib.sha256(subject.encode() + b"\0" + command.model_dump_json().encode()).hexdigest()
        table = self._outbox.tables.commands
        async with self._outbox.transaction() as tx:
            tx.asked = trace
            claim = {"command_id": command.command_id, "subject": subject, "digest": digest, "reply": b""}
            claimed = await insert_rows(tx.connection, table, [claim], ignore_conflicts=True, returning=("command_id",))
            if not claimed:
                query = select(table.c.digest, table.c.reply).where(table.c.command_id == command.command_id)
                earlier = (await tx.connection.execute(query)).one()
                if earlier.digest != digest:
                    raise _Refused(_repeated(command.command_id))
                return bytes(earlier.reply)
            reply = _answer(await handler(tx, command))
            await tx.connection.execute(
                table.update().where(table.c.command_id == command.command_id).values(reply=reply)
            )
        return reply


class CommandServer:
    """Subscribes a desk to its subjects; commands run side by side, and stopping lets those in hand finish."""

    def __init__(self, client: Client, desk: CommandDesk, queue: str) -> None:
        self._client = client
        self._desk = desk
        self._queue = queue
        self._subscriptions: list[Subscription] = []
        self._in_hand: dict[asyncio.Task[None], float] = {}  # and since when

    async def start(self) -> None:
        """Answer from now on: nobody hears afterwards that there is no such service."""
        for subject in self._desk.subjects:
            self._subscriptions.append(await self._client.subscribe(subject, queue=self._queue, cb=self._take))
        await settle(self._client)

    async def stop(self) -> None:
        """Take no further command and return when those in hand are answered; whoever stops this sets the limit."""
        with suppress(nats.errors.Error):  # a closed connection has nothing left to drain
            drains = [subscription.drain() for subscription in self._subscriptions]  # type: ignore[no-untyped-call]
            await asyncio.gather(*drains)
        if self._in_hand:
            await asyncio.wait(self._in_hand)

    async def _take(self, message: Msg) -> None:
        task = asyncio.create_task(self._respond(message))
        self._in_hand[task] = time.monotonic()
        task.add_done_callback(self._in_hand.pop)

    def oldest_seconds(self) -> float:
        """Return for how long the oldest command in hand has waited for its answer; 0 without any."""
        return time.monotonic() - min(self._in_hand.values(), default=time.monotonic())

    async def _respond(self, message: Msg) -> None:
        reply = await self._desk.answer(message.subject, message.data, trace_in(message))
        if not message.reply:
            return
        try:
            await message.respond(reply)
        except nats.errors.Error as error:
            log.warning("reply not sent", command=message.subject, **told(error))


def _answer(result: Mapping[str, Any] | Problem) -> bytes:
    return _failure(result) if isinstance(result, Problem) else to_json({"ok": True, "result": result})


def _validated(model: type[Command], body: bytes) -> Command:
    try:
        return model.model_validate_json(body or b"{}")
    except ValidationError as error:
        faults = tuple(faults_of(error))
        detail = "; ".join(f"{fault.field}: {fault.message}" for fault in faults)
        raise _Refused(refuse(400, "invalid", "The command cannot be read", detail, faults)) from None


def _repeated(command_id: str) -> Problem:
    return refuse(
        409,
        "command-reused",
        "This command_id was used for another command",
        "Repeat a command with exactly the same body, or give a new command a new command_id.",
        (Fault("command_id", f"{command_id} has been answered for another body"),),
    )


def _trouble(error: Exception) -> Problem:
    if is_transient(error):
        return refuse(503, "unavailable", "The service cannot reach its database", "Nothing has changed; repeat it.")
    return refuse(500, "internal", "The command failed", "Nothing has changed; the service's log has the reason.")


def _failure(problem: BaseModel) -> bytes:
    return to_json({"ok": False, "error": problem.model_dump(mode="json")})
