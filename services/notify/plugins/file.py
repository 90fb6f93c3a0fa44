"""The `file` transport: one JSON line per message under DIR/messages/<channel>.jsonl, for want of a provider.

A person reads there what would have been sent. It knows what it has taken, so that a message is never written twice.
"""

import asyncio
import fcntl
import json
import os
from collections.abc import Collection, Sequence
from datetime import UTC
from pathlib import Path

from services.notify.ports import Outbound, Outcome, Retry, Sent, TransportSetup
from shared.plugins import Plugin


class FileTransport:
    """Appends to one file; safe for any number of processes."""

    name = "file"
    resend_when_unknown = True
    reads_values = False

    def __init__(self, setup: TransportSetup) -> None:
        self.channel = setup.channel
        self.path = setup.settings.data / "messages" / f"{setup.channel}.jsonl"
        self._now = setup.now

    async def send(self, messages: Sequence[Outbound]) -> Sequence[Outcome]:
        """Write all messages or none; they are on the disk afterwards."""
        at = self._now().astimezone(UTC).isoformat().replace("+00:00", "Z")
        lines = "".join(f"{json.dumps(self._line(out, at), ensure_ascii=False)}\n" for out in messages)
        try:
            await asyncio.to_thread(append, self.path, lines.encode())
        except OSError as error:
            return [Retry(f"the file cannot be written: {error.strerror or type(error).__name__}")] * len(messages)
        return [Sent(out.message.notification_id) for out in messages]

    async def sent_before(self, ids: Collection[str]) -> set[str] | None:
        """Return those of `ids` that have a line."""
        return await asyncio.to_thread(find, self.path, frozenset(ids))

    async def close(self) -> None:
        """Nothing is held between two calls."""

    def _line(self, out: Outbound, at: str) -> dict[str, object]:
        return {
            "notification_id": out.message.notification_id,
            "at": at,
            "channel": self.channel,
            "to": out.message.to,
            "subject": out.message.subject,
            "text": out.message.text,
            "purpose": out.purpose,
            "audience": out.audience,
            "work_order": out.work_order,
            "locale": out.message.locale,
            "attempt": out.attempt,
            "also": list(out.also),
        }


def append(path: Path, lines: bytes) -> None:
    """Append `lines` whole and durably; after an OSError the file is as it was before."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        size = os.fstat(descriptor).st_size
        try:
            _write(descriptor, _line_break(descriptor, size) + lines)
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)


def find(path: Path, ids: frozenset[str]) -> set[str]:
    """Return which of `ids` are in the file; half a line that a crash left does not count."""
    found: set[str] = set()
    try:
        lines = path.open("rb")
    except FileNotFoundError:
        return found
    with lines:
        fcntl.flock(lines, fcntl.LOCK_SH)  # a writer that is still at it finishes first
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict):
                found |= ids.intersection([entry.get("notification_id"), *(entry.get("also") or ())])
    return found


def _line_break(descriptor: int, size: int) -> bytes:
    """Return what must come first where a crash left half a line at the end."""
    return b"\n" if size and os.pread(descriptor, 1, size - 1) != b"\n" else b""


def _write(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


plugin = Plugin(
    kind="transport",
    name="file",
    api=1,
    summary="One JSON line per message in a file, for want of a provider",
    build=FileTransport,
)
