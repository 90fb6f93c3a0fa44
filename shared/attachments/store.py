"""The store: a file goes in by the rules of the policy and comes out by its SHA-256."""

import asyncio
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from nats.aio.client import Client

from shared import metrics
from shared.attachments import objects
from shared.attachments.bucket import KEEP_DAYS
from shared.attachments.content import allowed, can_run, media_type_of, plain
from shared.attachments.errors import NotKeptError
from shared.attachments.names import safe_name
from shared.attachments.reference import Attachment, File, Reason, RefusedAttachment
from shared.policy.intake import AttachmentRules

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
STORED: Final = "stored"
KNOWN: Final = "known"
OUTCOMES: Final = (STORED, KNOWN, "too_large", "too_many", "type", "can_run", "empty")


@dataclass(frozen=True, slots=True)
class Held:
    """A file as it is kept."""

    sha256: str
    media_type: str
    size: int
    content: bytes = field(repr=False)


class AttachmentStore:
    """Puts files into the bucket over a connected `client`, by `rules`; safe to use from several tasks at once."""

    def __init__(
        self,
        client: Client,
        rules: AttachmentRules | None = None,
        *,
        keep_days: int = KEEP_DAYS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Put by `rules`, the default ones without any; a file that has lain for `keep_days` is put again. `now` is real."""
        self._client = client
        self._rules = rules or AttachmentRules()
        self._fresh = timedelta(days=keep_days)
        self._now = now
        for outcome in OUTCOMES:
            metrics.ATTACHMENTS.labels(outcome)

    async def put(
        self, name: str, media_type: str, content: bytes, obtained: str = ""
    ) -> Attachment | RefusedAttachment:
        """Keep a file and return its reference, or say why it is refused; putting it twice is harmless.

        `name` and `media_type` are what the sender says, `obtained` how the file came here. JetStream has acknowledged
        the file when this returns; `StoreAwayError` where it has not.
        """
        rules = self._rules
        safe, declared = safe_name(name), plain(media_type)
        digest, found, runs = await asyncio.to_thread(_looked_at, name, media_type, content)

        def refused(reason: Reason, why: str) -> RefusedAttachment:
            metrics.ATTACHMENTS.labels(reason).inc()
            return RefusedAttachment(safe, found, len(content), digest, reason, why, obtained)

        if not content:
            return refused("empty", "the file is empty")
        if len(content) > rules.max_bytes:
            return refused(
                "too_large", f"the file has {len(content):,} bytes, and at most {rules.max_bytes:,} are kept"
            )
        if runs:
            return refused("can_run", "the file is a program, a script or a document with one in it")
        if not allowed(found, rules.types):
            return refused("type", f"files of the type {found} are not kept")
        await self._keep(digest, found, content)
        return Attachment(safe, found, len(content), digest, obtained, declared if declared != found else None)

    async def put_all(self, files: Sequence[File], obtained: str = "") -> tuple[Attachment | RefusedAttachment, ...]:
        """Keep the files of one contact and return a reference for each, in their order; those too many are refused."""
        kept = [
            await self.put(file.name, file.media_type, file.content, obtained)
            for file in files[: self._rules.max_count]
        ]
        late = files[self._rules.max_count :]
        return (*kept, *(self._too_many(file, obtained) for file in late))

    async def get(self, sha256: str) -> Held:
        """Return the file with this SHA-256 (hex); `NotKeptError` where there is none, `DamagedError` where it changed."""
        entry = await objects.find(self._client, sha256.lower()) if _SHA256.fullmatch(sha256.lower()) else None
        if entry is None:
            raise NotKeptError(f"no attachment {sha256[:64]} is kept; its time may be over")
        content = await objects.read(self._client, entry)
        return Held(entry.sha256, entry.media_type, len(content), content)

    def _too_many(self, file: File, obtained: str) -> RefusedAttachment:
        metrics.ATTACHMENTS.labels("too_many").inc()
        why = f"a contact may have {self._rules.max_count} files"
        digest = hashlib.sha256(file.content).hexdigest()
        name, declared = safe_name(file.name), plain(file.media_type)
        return RefusedAttachment(name, declared, len(file.content), digest, "too_many", why, obtained)

    async def _keep(self, digest: str, media_type: str, content: bytes) -> None:
        entry = await objects.find(self._client, digest)
        if entry is not None and entry.size == len(content) and self._now() - entry.at < self._fresh:
            metrics.ATTACHMENTS.labels(KNOWN).inc()
            return
        await objects.write(self._client, digest, media_type, content, self._now())
        metrics.ATTACHMENTS.labels(STORED).inc()
        metrics.ATTACHMENT_BYTES.inc(len(content))


def _looked_at(name: str, media_type: str, content: bytes) -> tuple[str, str, bool]:
    """Return the SHA-256, the type and whether the file can run; an archive of many small files takes seconds."""
    return hashlib.sha256(content).hexdigest(), media_type_of(name, media_type, content), can_run(name, content)
