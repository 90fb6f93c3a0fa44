"""One mail onto the bus: first its files into their store, then what is read of it as a contact in its raw form."""

import asyncio
import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.intake.plugins.email import Part, TakenApart, mail_id, take_apart
from services.intake.plugins.email.glance import glance
from shared.adapters import Published, Work
from shared.attachments import File, safe_name
from shared.times import rfc3339

CHANNEL: Final = "email"
OBTAINED: Final = "came with the mail"
_WHOLE: Final = "0"
"""The part that is the mail itself, where it was too large to be read as a whole."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mail came to: our mailbox, and what its server says of it."""

    mailbox: str
    received_at: datetime
    told: Mapping[str, Any]
    """Further fields of the raw form: `envelope_from`, `uid` …"""


class Delivery:
    """Delivers the mails of one adapter."""

    def __init__(self, work: Work) -> None:
        self._work = work

    async def deliver(self, content: bytes, place: Place) -> Published:
        """Return when the mail and its files are on the bus; the same mail to the same mailbox has the same id.

        `BusAway` and `StoreAwayError` pass; `TooLarge` and `RefusedByBus` do not.
        """
        name, taken = await asyncio.to_thread(_opened, content)
        parts = sorted(taken.parts, key=lambda part: part.number != _WHOLE)  # it has what is too much for the others
        files = [File(part.name, part.media_type, part.content) for part in parts]
        kept = await self._work.attachments.put_all(files, OBTAINED)
        return await self._publish(name, taken.raw, parts, [one.reference() for one in kept], place)

    async def deliver_beginning(self, content: bytes, size: int, most: int, place: Place) -> Published:
        """Deliver the beginning of a mail of `size` bytes that is too large to be fetched; its files are named as refused."""
        name, taken = await asyncio.to_thread(_opened, content)
        why = f"the mail has {size:,} bytes, and of more than {most:,} only the beginning is read"
        return await self._publish(name, taken.raw, taken.parts, [_left(part, why) for part in taken.parts], place)

    async def deliver_nothing(self, name: str, why: str, place: Place) -> Published:
        """Tell the house of a mail that cannot be brought: it becomes a dead letter that says where the mail lies."""
        return await self._send(name, {"set_aside": why}, place)

    async def _publish(
        self, name: str, raw: bytes, parts: Sequence[Part], references: Sequence[dict[str, Any]], place: Place
    ) -> Published:
        numbered = [{"part": part.number, **told} for part, told in zip(parts, references, strict=True)]
        seen = await asyncio.to_thread(glance, raw)
        written = base64.b64encode(raw).decode("ascii")
        return await self._send(name, {"raw": written, "glance": seen, "attachments": numbered}, place)

    async def _send(self, name: str, data: Mapping[str, Any], place: Place) -> Published:
        return await self._work.publisher.publish(
            CHANNEL,
            source=f"{CHANNEL}/{place.mailbox}",
            id=name,
            data={**data, "received_at": rfc3339(place.received_at), "mailbox": place.mailbox, **place.told},
            time=place.received_at,
        )


def _opened(content: bytes) -> tuple[str, TakenApart]:
    taken = take_apart(content)
    return mail_id(taken.raw), taken  # the same as that of the whole, in a fraction of the time


def _left(part: Part, why: str) -> dict[str, Any]:
    return {
        "kind": "file",
        "name": safe_name(part.name),
        "how_obtained": OBTAINED,
        "media_type": part.media_type,
        "refused": "too_large",
        "why": why,
    }
