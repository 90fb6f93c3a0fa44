"""The trace of W3C Trace Context: which contact a message belongs to, and which message caused it (ADR 0030).

A trace is one text: the `traceparent`, and after a space the `tracestate` where there is one. So it is kept in one
column and handed on in one piece, whatever the sender's tools have added.
"""

import hashlib
import os
import re

TRACEPARENT_LENGTH = 55
MOST_MEMBERS = 32
"""Members of a `tracestate`, the standard's limit; with more it is no `tracestate`."""
STATE_LIMIT = 512
"""Characters of a `tracestate` that are handed on, as many as the standard asks for."""
LONG_MEMBER = 128
"""Characters; where there is no room for all, longer members go first, as the standard recommends."""
_READ_LIMIT = 8_192
USUAL_TRACEPARENT = r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[01]"
"""The pattern of nearly every `traceparent`, which is handed on as it is."""

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_USUAL = re.compile(USUAL_TRACEPARENT)
_KEY = r"(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})"
_MEMBER = re.compile(_KEY + r"=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]")
_KNOWN_FLAGS = 0b11  # sampled, and random trace id


def trace_of(traceparent: object, tracestate: object = None) -> str | None:
    """Return the trace that a sender gave, None where it gave none that is valid; never a failure of the message."""
    if isinstance(traceparent, str) and tracestate is None and _USUAL.fullmatch(traceparent):
        return traceparent
    if not isinstance(traceparent, str) or not _TRACEPARENT.match(traceparent):
        return None
    if len(traceparent) > TRACEPARENT_LENGTH and (
        traceparent.startswith("00") or traceparent[TRACEPARENT_LENGTH] != "-"
    ):
        return None  # only a later version may have more to say, behind one more dash
    state = _state_of(tracestate)
    flags = int(traceparent[53:55], 16) & _KNOWN_FLAGS
    return f"00-{traceparent[3:53]}{flags:02x}{state and f' {state}'}"


def first_trace(key: str) -> str:
    """Return the trace of the message `<source>/<id>` whose sender gave none: the same whenever it is delivered."""
    digest = hashlib.sha256(key.encode()).hexdigest()
    return f"00-{digest[:32]}-{digest[32:48]}-01"


def next_trace(cause: str | None) -> str:
    """Return the trace of something new that `cause` has led to: a span of its own; a new trace without a cause."""
    span = os.urandom(8).hex()
    return f"00-{cause[3:35]}-{span}-{cause[53:]}" if cause else f"00-{os.urandom(16).hex()}-{span}-01"


def is_sampled(trace: str) -> bool:
    """Return whether whoever began `trace` wants it recorded."""
    return trace[54:55] in {"1", "3"}


def with_sampled(trace: str, sampled: bool) -> str:
    """Return `trace` with that decision."""
    flags = int(trace[54:55], 16) & ~1 | sampled
    return f"{trace[:54]}{flags:x}{trace[TRACEPARENT_LENGTH:]}"


def _state_of(value: object) -> str:
    """Return the `tracestate` within its limits; empty where it is none."""
    if not isinstance(value, str) or not 0 < len(value) <= _READ_LIMIT:
        return ""
    members = [member for part in value.split(",") if (member := part.strip(" \t"))]
    if len(members) > MOST_MEMBERS or not all(map(_MEMBER.fullmatch, members)):
        return ""
    if len(",".join(members)) > STATE_LIMIT:
        members = [member for member in members if len(member) <= LONG_MEMBER]
    while len(",".join(members)) > STATE_LIMIT:
        members.pop()
    return ",".join(members)
