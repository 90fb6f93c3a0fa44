"""Files that come with contacts are kept once, by the rules of the policy, and come out as they went in (R-IN-02)."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nats
import pytest
import pytest_asyncio
from nats.aio.client import Client
from nats.js.errors import APIError

from shared.attachments import (
    ATTACHMENTS,
    Attachment,
    AttachmentStore,
    DamagedError,
    File,
    NotKeptError,
    RefusedAttachment,
    StoreAwayError,
    attachment_days,
)
from shared.attachments.bucket import BUCKET, ENTRIES
from shared.attachments.objects import CHUNK
from shared.bus.connect import connect
from shared.policy.intake import AttachmentRules
from shared.provision.streams import provision_stream
from shared.settings import Settings
from shared.testing.embedded_nats import EmbeddedNats
from tests.command_line import yingda_beside
from tests.unit.attachments.files import JPEG, PDF, PNG

DAYS = attachment_days(1_095, 30)


@pytest_asyncio.fixture(loop_scope="session")
async def client(own_nats: str) -> AsyncIterator[Client]:
    connected = await connect(Settings(nats_url=own_nats), "test")
    await provision_stream(connected.jetstream(), ATTACHMENTS, None, DAYS)
    yield connected
    await connected.close()


async def _messages(client: Client) -> int:
    return (await client.jetstream().stream_info(ATTACHMENTS.name)).state.messages


async def _stored(store: AttachmentStore, content: bytes, name: str = "a.pdf") -> Attachment:
    found = await store.put(name, "application/pdf", content, "as an attachment of the mail")
    assert isinstance(found, Attachment)
    return found


async def test_a_file_comes_out_as_it_went_in(client: Client) -> None:
    store = AttachmentStore(client)
    for size in (len(PDF), CHUNK, CHUNK + 1, 3 * CHUNK + 17):
        content = PDF + bytes(size - len(PDF))
        kept = await _stored(store, content)
        assert kept.sha256 == hashlib.sha256(content).hexdigest()
        held = await store.get(kept.sha256.upper())
        assert (held.content, held.media_type, held.size) == (content, "application/pdf", size)


async def test_the_contact_refers_to_it(client: Client) -> None:
    found = await AttachmentStore(client).put("../发票\u202e.pdf", "image/png", PDF, "by mail")
    digest = hashlib.sha256(PDF).hexdigest()
    assert found.reference() == {
        "kind": "document",
        "name": "发票.pdf",
        "how_obtained": "by mail",
        "media_type": "application/pdf",
        "size": len(PDF),
        "sha256": digest,
        "uri": f"yingda:attachment:{digest}",
        "declared": "image/png",
    }


async def test_putting_twice_keeps_one(client: Client) -> None:
    store = AttachmentStore(client)
    await _stored(store, PDF)
    before = await _messages(client)
    await asyncio.gather(*(_stored(store, PDF, name) for name in ("a.pdf", "b.pdf", "c.pdf")))
    assert await _messages(client) == before


async def test_one_that_will_soon_have_had_its_time_is_put_again(client: Client) -> None:
    store = AttachmentStore(client, now=lambda: datetime.now(UTC) + timedelta(days=31))
    kept = await _stored(store, PDF)
    before = await _messages(client)
    await _stored(store, PDF)
    assert await _messages(client) == 2 * before
    assert (await store.get(kept.sha256)).content == PDF


async def test_what_is_refused_says_why(client: Client) -> None:
    store = AttachmentStore(client, AttachmentRules(max_bytes=100, types=("image/*",)))
    cases = {"too_large": PNG + bytes(100), "type": PDF, "can_run": b"#!/bin/sh\n", "empty": b""}
    for reason, content in cases.items():
        found = await store.put("x", "image/png", content, "by mail")
        assert isinstance(found, RefusedAttachment)
        reference = found.reference()
        assert reference["refused"] == reason
        assert reference["why"]
        assert "uri" not in reference
    assert await _messages(client) == 0


async def test_a_contact_has_so_many_files_and_the_others_are_named(client: Client) -> None:
    store = AttachmentStore(client, AttachmentRules(max_count=2))
    files = [File(f"{n}.jpg", "image/jpeg", JPEG + bytes([n])) for n in range(4)]
    found = await store.put_all(files, "by mail")
    assert [one.reference().get("refused") for one in found] == [None, None, "too_many", "too_many"]
    assert [one.name for one in found] == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]


async def test_others_read_it_as_an_object_of_nats(client: Client) -> None:
    kept = await _stored(AttachmentStore(client), PDF)
    bucket = await client.jetstream().object_store(BUCKET)
    found = await bucket.get(kept.sha256)
    assert found.data == PDF
    assert found.info.size == len(PDF)


async def test_what_is_not_there_is_told(client: Client) -> None:
    store = AttachmentStore(client)
    for name in ("0" * 64, "../../etc/passwd", "*", ">", ""):
        with pytest.raises(NotKeptError):
            await store.get(name)


async def test_what_was_changed_is_told(client: Client) -> None:
    store = AttachmentStore(client)
    one, other = await _stored(store, PDF), await _stored(store, PDF + b"%")
    jetstream = client.jetstream()
    stream = ATTACHMENTS.name
    names = (await jetstream.stream_info(stream, subjects_filter=f"{ENTRIES}>")).state.subjects
    entries = {subject: await jetstream.get_last_msg(stream, subject) for subject in names or {}}
    subjects = {(entry.data or b"").split(b'"')[3].decode(): subject for subject, entry in entries.items()}
    forged = (entries[subjects[other.sha256]].data or b"").replace(other.sha256.encode(), one.sha256.encode())
    await jetstream.publish(subjects[one.sha256], forged)
    with pytest.raises(DamagedError):
        await store.get(one.sha256)


async def test_nobody_who_puts_can_take_away(client: Client) -> None:
    kept = await _stored(AttachmentStore(client), PDF)
    with pytest.raises(APIError, match="rollup"):
        await client.jetstream().publish(f"{ENTRIES}{kept.sha256}", b"", headers={"Nats-Rollup": "all"})


async def test_a_bus_that_is_full_or_away_is_no_refusal(tmp_path: Path) -> None:
    async with EmbeddedNats(tmp_path) as server:
        client = await nats.connect(server.url, allow_reconnect=False)
        store = AttachmentStore(client)
        with pytest.raises(StoreAwayError, match="provision"):
            await _stored(store, PDF)
        jetstream = client.jetstream()
        await provision_stream(jetstream, ATTACHMENTS, None, DAYS)
        config = (await jetstream.stream_info(ATTACHMENTS.name)).config
        await jetstream.update_stream(config, max_bytes=1_000)
        with pytest.raises(StoreAwayError, match="not taken"):
            await _stored(store, PDF + bytes(2_000))
        assert (await jetstream.stream_info(ATTACHMENTS.name)).state.messages == 0
    with pytest.raises(StoreAwayError):
        await _stored(store, PDF)
    await client.close()


async def test_it_is_written_out_for_its_owner_and_over_nothing(
    client: Client, own_nats: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is opened or run, and no name of a customer's decides where it goes."""
    kept = await _stored(AttachmentStore(client), PDF, "../../发票.pdf")
    out = tmp_path / "invoice.pdf"
    monkeypatch.setenv("YINGDA_NATS_URL", own_nats)
    outcome = await yingda_beside("attachment", "get", f"yingda:attachment:{kept.sha256}", "--out", str(out))
    assert (outcome.code, outcome.lines) == (0, [f"{out}: application/pdf, {len(PDF)} bytes"])
    assert out.read_bytes() == PDF
    assert out.stat().st_mode & 0o777 == 0o600
    again = await yingda_beside("attachment", "get", kept.sha256, "--out", str(out))
    assert again.code == 2
    missing = await yingda_beside("attachment", "get", "0" * 64, "--out", str(tmp_path / "none"))
    assert missing.code == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["invoice.pdf"]
