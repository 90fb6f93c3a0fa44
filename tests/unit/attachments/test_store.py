"""The store looks at a file beside the loop: who is answered over the same process does not wait for it (R-IN-02)."""

import asyncio
import struct
import time
from typing import Any, cast

import pytest

from shared.attachments import AttachmentStore, RefusedAttachment
from shared.policy.intake import AttachmentRules


def directory_only(entries: int) -> bytes:
    """Return an archive that names so many files and holds none: small, and slow to read."""
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", 20, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    local = b"PK\3\4" + bytes(26)
    told = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, entries % 65_536, entries % 65_536, len(entry) * entries, 30, 0)
    return local + entry * entries + told


@pytest.mark.slow
async def test_an_archive_that_takes_long_holds_up_nobody() -> None:
    """R-IN-02: other contacts are answered meanwhile."""
    store = AttachmentStore(cast("Any", None), AttachmentRules(types=("image/*",)))
    content = directory_only(150_000)
    loop = asyncio.get_running_loop()
    longest, last = 0.0, time.monotonic()

    def turn() -> None:
        nonlocal longest, last
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
        if not turned.done():
            loop.call_later(0.01, turn)

    turned = loop.create_future()
    turn()
    began = time.monotonic()
    kept = await store.put("a.zip", "application/zip", content)
    took = time.monotonic() - began
    loop.call_later(0.02, turned.set_result, None)  # so that a turn that had to wait is seen
    await turned
    assert isinstance(kept, RefusedAttachment)
    assert kept.media_type == "application/zip"
    assert longest < took / 2
