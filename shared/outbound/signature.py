"""The signature of what is posted to others: they can tell that it is ours, unchanged, and not an old one sent again.

X-Yingda-Timestamp: 1764000000
X-Yingda-Signature: sha256=<HMAC-SHA-256 of "timestamp.body">
"""

import hashlib
import hmac
import time


def signed(body: bytes, key: bytes) -> dict[str, str]:
    """Return the headers that sign `body` now: by real time, which whoever checks it has, whatever clock we rehearse with."""
    timestamp = str(int(time.time()))
    seal = hmac.new(key, f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Yingda-Timestamp": timestamp, "X-Yingda-Signature": f"sha256={seal}"}
