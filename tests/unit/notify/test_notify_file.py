"""The file transport: whole lines, on the disk, from several processes, and never one twice (R-NT-04)."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.notify.plugins.file import FileTransport, append, find
from services.notify.ports import Message, Outbound, Retry, Sender, Sent, Transport
from shared.settings import Settings
from tests.plugins import transport_setup
from tests.unit.notify.events import NOW


def outbound(key: str, text: str = '您好\n第二行 \u2028 "引号"') -> Outbound:
    message = Message(key, "13800138000", "主题", text, Sender("客服", "service@example.com"), "zh")
    return Outbound(message, "accepted", "customer", 1, "XR20261123001")


@pytest.fixture
def transport(tmp_path: Path) -> FileTransport:
    return FileTransport(transport_setup("sms", Settings(data=tmp_path), lambda: NOW))


async def test_one_json_line_per_message(transport: FileTransport) -> None:
    kept: Transport = transport
    assert await kept.send([outbound("n1"), outbound("n2")]) == [Sent("n1"), Sent("n2")]
    lines = [json.loads(line) for line in transport.path.read_bytes().split(b"\n") if line]
    assert [line["notification_id"] for line in lines] == ["n1", "n2"]
    assert lines[0] == {
        "notification_id": "n1",
        "at": "2026-11-23T02:15:00Z",
        "channel": "sms",
        "to": "13800138000",
        "subject": "主题",
        "text": '您好\n第二行 \u2028 "引号"',
        "purpose": "accepted",
        "audience": "customer",
        "work_order": "XR20261123001",
        "locale": "zh",
        "attempt": 1,
        "also": [],
    }
    assert transport.path.stat().st_mode & 0o777 == 0o600  # addresses are nobody else's business


async def test_it_knows_what_it_has_taken(transport: FileTransport) -> None:
    assert await transport.sent_before(["n1"]) == set()
    await transport.send([outbound("n1"), outbound("n2")])
    assert await transport.sent_before(["n1", "n3"]) == {"n1"}


async def test_half_a_line_of_a_crash_does_not_count_and_spoils_nothing(transport: FileTransport) -> None:
    await transport.send([outbound("n1")])
    with transport.path.open("ab") as file:
        file.write(b'{"notification_id": "n2", "te')
    assert await transport.sent_before(["n1", "n2"]) == {"n1"}
    await transport.send([outbound("n2")])
    assert await transport.sent_before(["n1", "n2"]) == {"n1", "n2"}


@pytest.fixture
def small_disk() -> Iterator[None]:
    """Let no file grow beyond 100 kB, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_full_disk_leaves_no_half_batch(transport: FileTransport, small_disk: None) -> None:
    await transport.send([outbound("n1")])
    outcomes = await transport.send([outbound("n2"), outbound("n3", "长" * 200_000)])
    assert all(isinstance(outcome, Retry) for outcome in outcomes)
    assert await transport.sent_before(["n1", "n2", "n3"]) == {"n1"}
    assert (await transport.send([outbound("n2")])) == [Sent("n2")]


@pytest.mark.slow
async def test_several_processes_write_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "messages" / "sms.jsonl"
    program = (
        "import json,sys;from pathlib import Path;from services.notify.plugins.file import append\n"
        "for n in range(50):\n"
        "    lines=''.join(json.dumps({'notification_id':f'{sys.argv[2]}-{n}-{m}','x':'y'*3000})+'\\n' for m in range(5))\n"
        "    append(Path(sys.argv[1]),lines.encode())\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    writers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(path), str(w), env=environment)
        for w in range(3)
    ]
    assert [await writer.wait() for writer in writers] == [0, 0, 0]
    ids = [json.loads(line)["notification_id"] for line in path.read_text().splitlines()]
    assert len(ids) == len(set(ids)) == 3 * 50 * 5


def test_a_batch_that_was_written_is_found(tmp_path: Path) -> None:
    append(tmp_path / "m" / "email.jsonl", b'{"notification_id": "a"}\n[]\n"x"\nnull\n')
    assert find(tmp_path / "m" / "email.jsonl", frozenset({"a", "b"})) == {"a"}
