"""Addresses that get nothing any more, with the reason; known by a keyed fingerprint, never in the clear (R-NT-07)."""

import hmac
from typing import Final

REASONS: Final = {
    "unsubscribed": "the customer has unsubscribed this address",
    "invalid": "the address does not exist",
    "bounced": "messages to the address came back",
    "blocked": "the address was blocked by a member of staff",
}


def fingerprint(channel: str, to: str, key: bytes) -> str:
    """Return what stands for the address `to` in the list: the same for every way of writing a mail address."""
    canonical = to.casefold() if channel == "email" else to
    return hmac.digest(key, f"{channel}:{canonical}".encode(), "sha256").hex()
