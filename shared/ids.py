"""Identifiers: time-ordered ones for what is new, derived ones for what must come out the same twice."""

import os
import time
from hashlib import sha1
from uuid import UUID

_NAMESPACE = UUID("6f0d3b52-5a0e-5c1e-9a53-2f6c1f0c9c11").bytes
_VARIANT = "89ab" * 4
"""By the digit that it is made of: its upper two bits say that it is an RFC's UUID."""


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
    name = "\x1f".join(parts).encode()
    digits = sha1(_NAMESPACE + name, usedforsecurity=False).hexdigest()  # as RFC 9562 makes them
    variant = _VARIANT[int(digits[16], 16)]
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"
