"""The adapter `imap` as its own process, before an IMAP server on real sockets and a real NATS (R-IN-01, R-IN-06, R-IN-08)."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.intake.ports import Unreadable
from shared.testing.embedded_nats import EmbeddedNats
from shared.testing.service_process import adapter_process, policy_with
from tests.mail.house import MailHouse, contact, ids_in, ids_of, mail_house, read
from tests.mail.imap_server import CAPABILITIES, PASSWORD, TOKEN, USER, ImapServer
from tests.mail.mails import PDF, mail
from tests.polling import until

Running = AbstractAsyncContextManager[tuple[asyncio.subprocess.Process, dict[str, Any]]]
SECRETS = {"YINGDA_SECRET_IMAP_PASSWORD": PASSWORD, "YINGDA_SECRET_IMAP_TOKEN": TOKEN}


class Runs:
    """What starts the adapter, with the same data each time."""

    def __init__(self, nats_url: str, folder: Path) -> None:
        self.nats_url = nats_url
        self._folder = folder

    def __call__(self, server: ImapServer, config: dict[str, Any] | None = None, **mailbox: Any) -> Running:
        settings = {"address": USER, "host": "127.0.0.1", "port": server.port, "encryption": "none", "first": "all"}
        if "access_token" not in mailbox:
            settings["password"] = "imap_password"
        named = {"poll_seconds": 20, "longest_pause_seconds": 0.2, "timeout_seconds": 20, **(config or {})}
        named["mailboxes"] = [settings | mailbox]
        policy = policy_with(self._folder / "policy.yaml", adapters={"imap": named})
        return adapter_process("imap", self.nats_url, policy, self._folder / "data", **SECRETS)


@pytest_asyncio.fixture(loop_scope="session")
async def house(fresh_nats: str) -> AsyncIterator[MailHouse]:
    async with mail_house(fresh_nats) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def server() -> AsyncIterator[ImapServer]:
    async with ImapServer() as started:
        yield started


@pytest.fixture
def run(fresh_nats: str, tmp_path: Path) -> Runs:
    return Runs(fresh_nats, tmp_path)


async def test_mails_come_onto_the_bus_and_stay_as_they_are(house: MailHouse, server: ImapServer, run: Runs) -> None:
    """R-IN-01: what waits, and what arrives while the server is listened to; nothing is changed in the folder."""
    await server.add(mail(1))
    async with run(server):
        await house.until(1)
        await server.until(lambda: "IDLE" in server.commands)
        await server.add(mail(2))
        envelopes = await house.until(2, seconds=15)  # told by IDLE: the next poll comes later
    assert ids_in(envelopes) == [*ids_of(1), *ids_of(2)]
    assert {envelope["source"] for envelope in envelopes} == {f"email/{USER}"}
    found = contact(envelopes[0])
    assert (found.customer.email, found.customer.name) == ("wang@example.org", "王芳")
    assert "要求换货" in found.text
    assert [mail.flags for mail in server.inbox.mails] == [set(), set()]
    assert "EXAMINE" in server.commands
    assert not {"SELECT", "UID STORE", "UID MOVE", "UID COPY"} & set(server.commands)


async def test_files_are_kept_before_their_contact_comes(house: MailHouse, server: ImapServer, run: Runs) -> None:
    """R-IN-02: one is kept, a program is refused by its content, and the contact names both."""
    await server.add(mail(1, ("发票.pdf", "application/pdf", PDF), ("bild.jpg", "image/jpeg", b"MZ\x00" + bytes(90))))
    async with run(server):
        (envelope,) = await house.until(1)
    kept, refused = (one.model_dump() for one in contact(envelope).attachments)
    assert (kept["name"], kept["kind"], kept["media_type"]) == ("发票.pdf", "document", "application/pdf")
    assert (await house.files.get(kept["sha256"])).content == PDF
    assert (refused["name"], refused["refused"]) == ("bild.jpg", "can_run")


def mail_with_file(number: int) -> bytes:
    return mail(number, ("a.pdf", "application/pdf", PDF + b"%d" % number))


async def test_killed_again_and_again_it_loses_nothing_and_repeats_nothing(
    house: MailHouse, server: ImapServer, run: Runs
) -> None:
    """R-IN-06: a ledger of what was sent, against what is on the bus; marked is only what is there."""
    sent = 0
    for _ in range(3):
        for _ in range(20):
            sent += 1
            await server.add(mail_with_file(sent))
        before = await house.count()
        async with run(server, after="seen") as (process, _):
            await house.until(min(sent, before + 7))
            process.send_signal(signal.SIGKILL)
            await process.wait()
        there = set(ids_in(await house.envelopes()))
        marked = {number for number, one in enumerate(server.inbox.mails, start=1) if "\\Seen" in one.flags}
        assert ids_of(*marked) <= there
    async with run(server, after="seen"):
        envelopes = await house.until(sent)
        await server.until(lambda: all("\\Seen" in one.flags for one in server.inbox.mails))
    assert Counter(ids_in(envelopes)) == dict.fromkeys(ids_of(*range(1, sent + 1)), 1)
