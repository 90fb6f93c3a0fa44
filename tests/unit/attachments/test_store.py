"""The store looks at a file beside the loop: who is answered over the same process does not wait for it (R-IN-02)."""

import asyncio
import struct
import time
from typing import Any, cast

from shared.attachments import AttachmentStore, RefusedAttachment
from shared.policy.intake import AttachmentRules


def directory_only(entries: int) -> bytes:
    """Return an archive that names so many files and holds none: small, and slow to read."""
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", 20, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    local = b"PK\3\4" + bytes(26)
    told = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, entries % 65_536, entries % 65_536, len(entry) * entries, 30, 0)
    return local + entry * entries + told


async def test_an_archive_that_takes_long_holds_up_nobody() -> None:
    """R-IN-02: other contacts are answered meanwhile."""
    store = AttachmentStore(cast("Any", None), AttachmentRules(types=("image/*",)))
    content = directory_only(150_000)
    longest = 0.0

    async def turn() -> None:
        nonlocal longest
        while True:
            began = time.monotonic()
            await asyncio.sleep(0)
            longest = max(longest, time.monotonic() - began)

    turning = asyncio.create_task(turn())
    await asyncio.sleep(0)
    began = time.monotonic()
    kept = await store.put("a.zip", "application/zip", content)
    took = time.monotonic() - began
    await asyncio.sleep(0)  # so that a turn that had to wait is seen
    turning.cancel()
    assert isinstance(kept, RefusedAttachment)
    assert kept.media_type == "application/zip"
    assert longest < took / 2
