"""The transports that ship with notify keep what every transport promises."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from queue import Queue
from typing import Any, ClassVar, Final

from pydantic import SecretStr

from services.notify.plugins import file, smtp, webhook
from shared.testing.contracts import HttpTransportContract, Mood, Standing, TransportContract
from shared.testing.embedded_ports import free_port
from tests.unit.notify.smtp_server import SmtpServer, smtp_server

OFTEN: Final = 9


class TestFile(TransportContract):
    plugin = file.plugin
    moods: ClassVar[tuple[Mood, ...]] = ("takes",)

    @contextmanager
    def provider(self, _mood: Mood) -> Iterator[Standing]:
        assert self.folder is not None
        written = self.folder / "messages" / f"{self.channel}.jsonl"
        yield Standing({}, lambda: len(written.read_text(encoding="utf-8").splitlines()) if written.exists() else 0)


class TestWebhook(HttpTransportContract):
    plugin = webhook.plugin
    environment: ClassVar[Mapping[str, Any]] = {
        "webhook_url": "http://127.0.0.1:9/send",
        "webhook_key": SecretStr("0123456789abcdef"),
    }

    def environment_at(self, url: str) -> Mapping[str, Any]:
        return {"webhook_url": f"{url}/send"}


class TestSmtp(TransportContract):
    plugin = smtp.plugin
    channel = "email"
    to = "customer-1@example.com"
    environment: ClassVar[Mapping[str, Any]] = {"smtp_host": "127.0.0.1", "smtp_tls": "none"}
    replies: ClassVar[dict[Mood, dict[str, list[str]]]] = {
        "takes": {},
        "refuses": {"RCPT": ["550 no such user"]},
        "later": {"RCPT": ["450 mailbox busy"]},
        "talks nonsense": {"MAIL": ["banana"]},
        "hangs up": {"DOT": ["drop"]},
        "is silent": {"DOT": ["hang"]},
    }

    @contextmanager
    def provider(self, mood: Mood) -> Iterator[Standing]:
        if mood == "is away":
            yield Standing({}, lambda: 0, {"smtp_port": free_port()})
            return
        with serving({verb: told * OFTEN for verb, told in self.replies[mood].items()}) as server:
            lost = server.replies.get(".", [])

            def handed() -> int:
                return len(server.mails) + (OFTEN - len(lost) if mood in {"hangs up", "is silent"} else 0)

            yield Standing({}, handed, {"smtp_port": server.port})


@contextmanager
def serving(replies: dict[str, Any]) -> Iterator[SmtpServer]:
    """Yield a mail server in a loop of its own: each transport of the suite has another."""
    there: Queue[SmtpServer] = Queue()
    loop = asyncio.new_event_loop()
    over = asyncio.Event()

    async def serve() -> None:
        async with smtp_server(**replies) as server:
            there.put(server)
            await over.wait()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield there.get(timeout=60)
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
