"""The WebSocket of the chat, and the sweep that ends what is idle."""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import structlog
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from services.intake.adapters.strangers import parted
from services.intake.adapters.web_chat.chats import Chats
from services.intake.adapters.web_chat.config import WebChatConfig
from services.intake.adapters.web_chat.conversation import Known, Said
from services.intake.adapters.web_chat.desk import Desk
from services.intake.adapters.web_chat.frames import End, Hello, Message, read_frame, refused, written
from shared.adapters import AdapterError, BusAway, Operation, Work
from shared.adapters.setup import AdapterSetup
from shared.plugins import Plugin

HELLO_SECONDS: Final = 10.0
SWEEP_SECONDS: Final = 15.0
MINUTE: Final = 60.0
POLICY_VIOLATION: Final = 1008
TRY_AGAIN: Final = 1013

log = structlog.get_logger()


class WebChat:
    """Leads conversations; what was acknowledged is kept, whatever becomes of this process or the connection."""

    def __init__(self, config: WebChatConfig, replicas: int = 1) -> None:
        self.channels = (config.channel,)
        self._config = config
        self._replicas = replicas
        self._open: Counter[str] = Counter()

    @property
    def operations(self) -> Sequence[Operation]:
        """The one operation."""
        return [
            Operation(
                "get",
                "",
                "A conversation over a WebSocket",
                answers={"101": "The protocol changes to WebSocket; docs/channels/web_chat.md describes its frames."},
            )
        ]

    def routes(self, work: Work) -> Sequence[BaseRoute]:
        """Return the one route."""
        desk = self._desk(work)

        async def chat(socket: WebSocket) -> None:
            sender = socket.state.sender
            origin = socket.headers.get("origin")
            if origin is not None and origin not in self._config.origins:
                work.report.refused("origin")
                await socket.close(POLICY_VIOLATION, "origin")
                return
            if self._is_full(sender):
                work.report.refused("too-many-connections")
                await socket.close(TRY_AGAIN, "too-many-connections")
                return
            self._open[sender] += 1
            try:
                await socket.accept()
                with suppress(WebSocketDisconnect):  # the conversation stays, and ends when it has been idle
                    await _Talk(socket, desk, work, self._config.per_minute).lead()
            finally:
                self._open[sender] -= 1
                self._open += Counter()  # forgets those at 0

        return [WebSocketRoute("/", chat)]

    def _is_full(self, sender: str) -> bool:
        limits = self._config
        return self._open[sender] >= limits.connections_per_sender or self._open.total() >= limits.connections

    async def run(self, work: Work) -> None:
        """End what is idle or was left in the middle, until the process stops."""
        desk, stream = self._desk(work), Chats(work.client, self._replicas)
        prepared = False
        pause = min(SWEEP_SECONDS, self._config.idle_seconds / 2)
        while not work.stopping.is_set():
            try:
                if not prepared:
                    await stream.prepare()
                    prepared = True
                await desk.sweep(self._config.idle_seconds)
                work.report.found("the conversations")
            except AdapterError as error:
                work.report.missing("the conversations")
                log.warning("conversations wait", why=str(error))
            work.report.turned("chats", pause)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause if prepared else 1.0):
                    await work.stopping.wait()

    def _desk(self, work: Work) -> Desk:
        chats = Chats(work.client, self._replicas)
        return Desk(chats, work.publisher, self._config.channel, self._config.source, time.time)


class _Talk:
    """One connection."""

    def __init__(self, socket: WebSocket, desk: Desk, work: Work, per_minute: int) -> None:
        self._socket = socket
        self._desk = desk
        self._work = work
        self._per_minute = per_minute
        self._minute = (0.0, 0)
        self._session = ""
        self._known = Known()

    async def lead(self) -> None:
        """Greet, and answer every frame until the client is gone."""
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                while not self._session:
                    await self._greet(await self._frame())
        except TimeoutError:
            await self._socket.close(POLICY_VIOLATION, "hello")
            return
        while True:
            await self._answer(await self._frame())

    async def _frame(self) -> Hello | Message | End | None:
        """Return the next frame, None for one that is none of ours; `WebSocketDisconnect` when the client is gone."""
        received = await self._socket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received.get("code", 1000))
        return read_frame(received.get("text") or "")

    async def _greet(self, frame: Hello | Message | End | None) -> None:
        if not isinstance(frame, Hello):
            await self._refuse("unreadable")
            return
        session = frame.session or secrets.token_urlsafe(24)
        try:
            kept = await self._desk.kept(session)
        except BusAway:
            await self._refuse("not-kept")
            return
        if kept is None:
            await self._refuse("ended")
            return
        self._session = session
        customer, rest = parted(frame.customer)
        self._known = Known(customer, rest | frame.details, frame.locale)
        await self._socket.send_text(written({"type": "welcome", "session": session, "kept": list(kept)}))

    async def _answer(self, frame: Hello | Message | End | None) -> None:
        match frame:
            case Message():
                await self._keep(frame)
            case End():
                await self._end()
            case _:
                await self._refuse("unreadable")

    async def _keep(self, frame: Message) -> None:
        self._work.report.received()
        if not self._in_rate():
            await self._refuse("too-many", frame.id)
            return
        said = Said(frame.id, self._work.now().isoformat(), frame.text)
        try:
            outcome = await self._desk.keep(self._session, said, self._known)
        except BusAway:
            await self._refuse("not-kept", frame.id)
            return
        if outcome == "kept":
            await self._socket.send_text(written({"type": "kept", "id": frame.id}))
        else:
            await self._refuse(outcome, frame.id)

    async def _end(self) -> None:
        try:
            reference = await self._desk.end(self._session)
        except AdapterError:
            await self._refuse("not-kept")
            return
        if reference is None:
            await self._refuse("empty")
        else:
            await self._socket.send_text(written({"type": "ended", "reference": reference}))

    async def _refuse(self, reason: str, message_id: str | None = None) -> None:
        self._work.report.refused(reason)
        await self._socket.send_text(refused(reason, message_id))

    def _in_rate(self) -> bool:
        now = time.monotonic()
        began, count = self._minute
        self._minute = (now, 1) if now - began >= MINUTE else (began, count + 1)
        return self._minute[1] <= self._per_minute


def _build(setup: AdapterSetup) -> WebChat:
    return WebChat(setup.config, setup.settings.stream_replicas or 1)


plugin = Plugin(
    kind="endpoint",
    name="web_chat",
    api=1,
    summary="Conversations over a WebSocket; each becomes one contact",
    build=_build,
    config=WebChatConfig,
)
