"""A customer at the web chat: says one thing after the other, and goes on after every lost connection."""

import json
from collections.abc import Sequence
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection, connect

from tests.gateway import ORIGIN
from tests.polling import until


class Chatter:
    """Says `texts` in one session; afterwards `reference` names the contact, and `kept` what was acknowledged."""

    def __init__(self, url: str, session: str, texts: Sequence[str], **hello: Any) -> None:
        self._url = url.replace("http://", "ws://") + "/web_chat"
        self._hello = {"type": "hello", "session": session, **hello}
        self._texts = dict(enumerate(texts))
        self.kept: set[str] = set()
        self.reference: str | None = None
        self.connections = 0

    async def run(self, seconds: float = 90) -> None:
        """Return when the conversation has become a contact."""
        await until(self._try, seconds, every=0.02)

    async def _try(self) -> bool:
        try:
            async with connect(self._url, origin=websockets.Origin(ORIGIN), proxy=None) as socket:
                self.connections += 1
                return await self._talk(socket)
        except (OSError, websockets.WebSocketException):
            return False

    async def _talk(self, socket: ClientConnection) -> bool:
        welcome = await ask(socket, self._hello)
        if welcome["type"] == "welcome":
            self.kept |= set(welcome["kept"])
            for number, text in self._texts.items():
                name = f"m{number}"
                while name not in self.kept:
                    answer = await ask(socket, {"type": "message", "id": name, "text": text})
                    if answer["type"] == "kept":
                        self.kept.add(name)
            answer = await ask(socket, {"type": "end"})
            if answer["type"] == "ended":
                self.reference = answer["reference"]
        elif welcome["reason"] == "ended":  # the answer to `end` was lost
            self.reference = "already"
        return self.reference is not None


async def ask(socket: ClientConnection, frame: dict[str, Any]) -> dict[str, Any]:
    """Send one frame and return the answer."""
    await socket.send(json.dumps(frame, ensure_ascii=False))
    answer: dict[str, Any] = json.loads(await socket.recv())
    return answer
