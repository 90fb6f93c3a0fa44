"""The bucket of the attachments: an object store of JetStream (NATS ADR-20) to which its writers can only add.

Rollups are not allowed, so nobody who may put a file can take away another one: the last entry of a name counts, and its
content is checked against the name, which is its SHA-256. What is older than the bucket's age leaves it.
"""

from dataclasses import dataclass, replace
from typing import Final

from nats.js.api import StreamConfig

from shared.bus.streams import Stream

BUCKET: Final = "ATTACHMENTS"
CHUNKS: Final = f"$O.{BUCKET}.C."
ENTRIES: Final = f"$O.{BUCKET}.M."
RECORDS_DAYS: Final = 1_095
KEEP_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Bucket(Stream):
    """The stream behind the object store."""

    def config(self, replicas: int = 1, keep_days: int = RECORDS_DAYS + 2 * KEEP_DAYS) -> StreamConfig:
        """Return the settings that the server must hold; what is older than `keep_days` leaves the bucket."""
        return replace(Stream.config(self, replicas, keep_days), allow_direct=True)


ATTACHMENTS: Final = Bucket(f"OBJ_{BUCKET}", (f"{CHUNKS}>", f"{ENTRIES}>"), "files that came with contacts")


def attachment_days(records_days: int, keep_days: int) -> int:
    """Return for how many days a file is kept after it was last put (R-IN-02).

    A record is kept for `records_days` after its work order was closed; a file that comes again is put again when it is
    older than `keep_days`, and a work order may stay open for as long.
    """
    return records_days + 2 * keep_days
