"""Identifiers: time-ordered ones for what is new, derived ones for what must come out the same twice."""

import os
import time
from uuid import UUID, uuid5

_NAMESPACE = UUID("6f0d3b52-5a0e-5c1e-9a53-2f6c1f0c9c11")


def new_id() -> str:
    """Return a fresh UUID of version 7 (RFC 9562): sorted by time, so indexes grow at their right edge."""
    stamp = time.time_ns() // 1_000_000
    value = (stamp & 0xFFFFFFFFFFFF) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"  # every event has one: a UUID object in between would take most of the time
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def derived_id(*parts: str) -> str:
    """Return the UUID of version 5 that the same `parts` give every time, on every machine."""
    return str(uuid5(_NAMESPACE, "\x1f".join(parts)))
