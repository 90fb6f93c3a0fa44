"""Which dead letters have the same fault: their reasons are the same but for what is particular to each.

What changes from one message to the next (ids, numbers, places in a body, the index of an element) is left out. Where in
the code a handler failed, the type of an event and the name of a field stay: another one is another fault.
"""

import hashlib
import re
from functools import lru_cache

SOMETHING = "#"
_KEPT = re.compile(r"[\w./-]+\.py:\d+|yingda\.[\w.]+\.v\d+|CloudEvents 1\.0|\"1\.0\"")
_PARTICULAR = re.compile(r"[\w-]*\d[\w-]*")
_ID_CHARACTERS = 8


@lru_cache(maxsize=4096)
def pattern_of(reason: str) -> str:
    """Return `reason` without what is particular to one message; several faults of the same kind count as one."""
    parts, last = [], 0
    for kept in _KEPT.finditer(reason):
        parts += [_PARTICULAR.sub(SOMETHING, reason[last : kept.start()]), kept[0]]
        last = kept.end()
    pattern = "".join([*parts, _PARTICULAR.sub(SOMETHING, reason[last:])])
    told: list[str] = []
    for fault in pattern.split("; "):
        if not any(earlier == fault or earlier.endswith(f": {fault}") for earlier in told):
            told.append(fault)
    return "; ".join(told)


@lru_cache(maxsize=4096)
def cause_of(service: str, reason: str) -> str:
    """Return the short name of the fault."""
    return hashlib.sha256(f"{service}\0{pattern_of(reason)}".encode()).hexdigest()[:_ID_CHARACTERS]
