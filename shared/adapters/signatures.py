"""Signatures of what strangers send: compared in constant time, valid for a short while.

The scheme of our own is the one by which the `webhook` transport signs:

    X-Yingda-Timestamp: 1764000000
    X-Yingda-Signature: sha256=<HMAC-SHA-256 of "timestamp.body">

A request that somebody has recorded can be sent again within the window, as its own sender may; it has the same id then,
so that nothing comes of it. After the window it is refused.
"""

import hashlib
import hmac
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from shared.adapters.problem import HttpProblem

WINDOW_SECONDS = 300.0
TIMESTAMP = "x-yingda-timestamp"
SIGNATURE = "x-yingda-signature"


def same(given: str, expected: str) -> bool:
    """Return whether two texts are equal; how long that takes tells nothing of where they differ."""
    return hmac.compare_digest(given.encode(errors="surrogatepass"), expected.encode(errors="surrogatepass"))


def same_as_any(given: str, expected: Iterable[str]) -> bool:
    """Return whether `given` equals one of `expected`; all are compared."""
    found = [same(given, one) for one in expected]
    return any(found)


def sealed(key: bytes, *parts: bytes) -> str:
    """Return the HMAC-SHA-256 of the joined `parts`, in hexadecimal digits."""
    return hmac.new(key, b"".join(parts), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Window:
    """How far the time of a request may be from ours, either way."""

    seconds: float = WINDOW_SECONDS
    now: Callable[[], float] = time.time
    """This machine's clock: what a sender signs is the real time, whatever clock the business rehearses with."""

    def check(self, timestamp: str) -> None:
        """Return if `timestamp`, in seconds since 1970, lies in the window; else `HttpProblem` 401."""
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):  # noqa: PLR2004 (seconds, not ms)
            raise HttpProblem(401, "bad-timestamp", "The timestamp must be seconds since 1970, in digits")
        if abs(self.now() - int(timestamp)) > self.seconds:
            raise HttpProblem(401, "stale", "The request is too old, or its sender's clock is wrong")


@dataclass(frozen=True, slots=True)
class Signed:
    """Checks requests that are signed by our own scheme with one of `keys`, read anew each time so that keys can change."""

    keys: Callable[[], Iterable[bytes]]
    window: Window = Window()

    def check(self, headers: Mapping[str, str], body: bytes) -> None:
        """Return if `body` is signed by one of the keys within the window; else `HttpProblem` 401."""
        timestamp, given = headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, "")
        if not timestamp or not given:
            raise HttpProblem(401, "unsigned", "The request must have X-Yingda-Timestamp and X-Yingda-Signature")
        expected = [f"sha256={sealed(key, timestamp.encode(), b'.', body)}" for key in self.keys()]
        if not same_as_any(given, expected):
            raise HttpProblem(401, "bad-signature", "The signature does not fit the request")
        self.window.check(timestamp)


def sign(key: bytes, body: bytes, at: float) -> dict[str, str]:
    """Return the headers with which a sender signs `body` at the moment `at`, as `Signed` wants them."""
    timestamp = str(int(at))
    return {TIMESTAMP: timestamp, SIGNATURE: f"sha256={sealed(key, timestamp.encode(), b'.', body)}"}


PARAMETERS: Sequence[Mapping[str, object]] = (
    {
        "name": "X-Yingda-Timestamp",
        "in": "header",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9]{1,12}$"},
        "description": "Seconds since 1970, at most a few minutes from now.",
    },
    {
        "name": "X-Yingda-Signature",
        "in": "header",
        "required": True,
        "schema": {"type": "string", "pattern": "^sha256=[0-9a-f]{64}$"},
        "description": "`sha256=` and the HMAC-SHA-256 of `timestamp.body` in hexadecimal digits.",
    },
)
"""The two headers as OpenAPI describes them."""
