"""A running `yingda up`, seen as another program sees it: through the contract and nothing else."""

import asyncio
import itertools
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg

from shared.clock import parse_clock
from tests.polling import until

READY_SECONDS = 100
PATIENCE_SECONDS = 60.0
"""For what comes at once where nothing is broken."""
PROGRAM = (sys.executable, "-m", "shared.cli.main")
_numbers = itertools.count(1)

Event = dict[str, Any]


class _Time:
    """When contacts occur: at the beginning of the running suite's own clock, where one is set."""

    begins: datetime | None = None

    @classmethod
    def now(cls) -> str:
        return (cls.begins or datetime.now(UTC)).isoformat()


class Suite:
    """A client of a running suite: publishes contacts, sends commands, and awaits events."""

    def __init__(self, process: asyncio.subprocess.Process, data: Path, client: Client) -> None:
        self.process = process
        self.data = data
        self.client = client
        self.events: list[Event] = []
        self._news = asyncio.Condition()

    @property
    def endpoints(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.data / "endpoints.json").read_text())
        return found

    def messages(self, channel: str = "sms") -> list[dict[str, Any]]:
        """What the `file` transport took, in order."""
        return [json.loads(line) for line in written_lines(self.data / "messages" / f"{channel}.jsonl")]

    async def hear(self, message: Msg) -> None:
        async with self._news:
            self.events.append(json.loads(message.data))
            self._news.notify_all()

    async def until(self, condition: Callable[[list[Event]], bool], seconds: float = PATIENCE_SECONDS) -> list[Event]:
        """Return the events so far as soon as `condition` holds for them."""
        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: condition(self.events))
        except TimeoutError:
            raise AssertionError(f"not within {seconds} s; heard {[e['type'] for e in self.events]}") from None
        return self.events

    async def event(self, kind: str, /, seconds: float = PATIENCE_SECONDS, **fields: Any) -> Event:
        """Return the first event of `kind` whose data has `fields`, waiting for it."""

        def found() -> Event | None:
            return next((e for e in self.events if matches(e, kind, fields)), None)

        await self.until(lambda _: found() is not None, seconds)
        event = found()
        assert event is not None
        return event

    def all(self, kind: str, /, **fields: Any) -> list[Event]:
        """Return the events of `kind` heard so far whose data has `fields`."""
        return [e for e in self.events if matches(e, kind, fields)]

    async def replaced(self, service: str, pid: int, seconds: float = PATIENCE_SECONDS) -> None:
        """Return when another process than `pid` has taken the service's place."""
        await until(lambda: self.endpoints["pids"].get(service, pid) != pid, seconds, every=0.02)

    async def publish(self, contact: dict[str, Any], channel: str = "web", message_id: str | None = None) -> str:
        """Publish a contact as an adapter would; return its `<source>/<id>`."""
        identity = message_id or f"e2e-{next(_numbers)}"
        body = envelope(contact, channel, identity)
        await self.client.jetstream().publish(f"yingda.contact.received.{channel}", body, stream="CONTACTS")
        return f"{channel}/shop/{identity}"

    async def command(self, name: str, by: str, /, **fields: Any) -> dict[str, Any]:
        """Send a command; return its reply."""
        body = {"command_id": f"e2e-{os.getpid()}-{next(_numbers)}", "by": by, **fields}
        reply = await self.client.request(f"yingda.command.{name}", json.dumps(body).encode(), timeout=PATIENCE_SECONDS)
        answer: dict[str, Any] = json.loads(reply.data)
        return answer

    async def done(self, name: str, by: str, /, **fields: Any) -> dict[str, Any]:
        """Send a command that must succeed; return its result."""
        answer = await self.command(name, by, **fields)
        assert answer["ok"], answer
        result: dict[str, Any] = answer["result"]
        return result


def written_lines(path: Path) -> list[str]:
    """Return the lines of a file that another process writes, but the one that it may just be writing."""
    return path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []


def matches(event: Event, kind: str, fields: dict[str, Any]) -> bool:
    data = event["data"]
    return bool(event["type"] == f"yingda.{kind}.v1" and all(data.get(k) == v for k, v in fields.items()))


def envelope(contact: dict[str, Any], channel: str, identity: str) -> bytes:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": identity,
            "source": f"{channel}/shop",
            "type": "yingda.contact.received.v1",
            "time": _Time.now(),
            "subject": identity,
            "datacontenttype": "application/json",
            "data": contact,
        },
        ensure_ascii=False,
    ).encode()


def contact(text: str = "我上周买的空调不制冷,要求换货", **fields: Any) -> dict[str, Any]:
    """The contract's own example, occurring now; on a suite with a clock of its own, as that begins."""
    return {
        "occurred_at": _Time.now(),
        "text": text,
        "customer": {
            "name": "王芳",
            "honorific": "女士",
            "phone": "13800138000",
            "email": None,
            "company": None,
            "address": None,
            "type": "individual",
            "tier": "returning",
            "industry": None,
            "member_no": None,
        },
        "category": None,
        "topic": None,
        "details": {"product_name": "空调", "order_no": "2024051800123"},
        "emotion": "calm",
        "agent_id": None,
        "duration_seconds": None,
        "attachments": [],
        "locale": "zh-CN",
        **fields,
    }


@asynccontextmanager
async def running_suite(
    clock: str = "", program: Sequence[str] = PROGRAM, cwd: Path | str | None = None, **env: str
) -> AsyncIterator[Suite]:
    """Yield a suite started by `yingda up` in a folder of its own; nothing of it is left afterwards.

    `program` is another installation's `yingda`, which is started in `cwd`, away from the code that is here.
    """
    with tempfile.TemporaryDirectory(prefix="yingda-e2e-") as name:
        data = Path(name)
        data.chmod(0o711)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("YINGDA_")}
        environment |= {"YINGDA_CLOCK": clock, **env}
        process = await asyncio.create_subprocess_exec(
            *(*program, "up", "--data", name),
            cwd=cwd,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            assert process.stdout is not None
            async with asyncio.timeout(READY_SECONDS):
                assert await process.stdout.readline() == b"ready\n"
            client = await nats.connect(json.loads((data / "endpoints.json").read_text())["nats_url"])
            suite = Suite(process, data, client)
            rehearsal = parse_clock(clock)
            _Time.begins = rehearsal.start if rehearsal else None
            # From the stream and not from the subject: what is heard is then committed, and heard once.
            await client.jetstream().subscribe("yingda.event.>", ordered_consumer=True, cb=suite.hear)
            try:
                yield suite
            finally:
                await client.close()
        finally:
            _Time.begins = None
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(READY_SECONDS):
                await process.wait()
