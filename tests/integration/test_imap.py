"""The adapter `imap` as its own process, before an IMAP server on real sockets and a real NATS (R-IN-01, R-IN-06, R-IN-08)."""

import signal
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from services.intake.ports import Unreadable
from shared.testing.embedded_nats import EmbeddedNats
from tests.mail.house import MailHouse, contact, ids_in, ids_of, mail_house, read
from tests.mail.imap_server import CAPABILITIES, USER, ImapServer
from tests.mail.mails import PDF, mail
from tests.mail.runs import ImapRuns
from tests.polling import until


@pytest_asyncio.fixture(loop_scope="session")
async def house(own_nats: str) -> AsyncIterator[MailHouse]:
    async with mail_house(own_nats) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def server() -> AsyncIterator[ImapServer]:
    async with ImapServer() as started:
        yield started


@pytest.fixture
def run(own_nats: str, tmp_path: Path) -> ImapRuns:
    return ImapRuns(own_nats, tmp_path)


async def test_mails_come_onto_the_bus_and_stay_as_they_are(
    house: MailHouse, server: ImapServer, run: ImapRuns
) -> None:
    """R-IN-01: what waits, and what arrives while the server is listened to; nothing is changed in the folder."""
    await server.add(mail(1))
    async with run(server, {"poll_seconds": 1_500}):  # the next poll comes too late for this test
        await house.until(1)
        await server.until(lambda: "IDLE" in server.commands)
        await server.add(mail(2))
        envelopes = await house.until(2)
    assert ids_in(envelopes) == [*ids_of(1), *ids_of(2)]
    assert {envelope["source"] for envelope in envelopes} == {f"email/{USER}"}
    found = contact(envelopes[0])
    assert (found.customer.email, found.customer.name) == ("wang@example.org", "王芳")
    assert "要求换货" in found.text
    assert [mail.flags for mail in server.inbox.mails] == [set(), set()]
    assert "EXAMINE" in server.commands
    assert not {"SELECT", "UID STORE", "UID MOVE", "UID COPY"} & set(server.commands)


async def test_files_are_kept_before_their_contact_comes(house: MailHouse, server: ImapServer, run: ImapRuns) -> None:
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
    house: MailHouse, server: ImapServer, run: ImapRuns
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
        envelopes = await house.until(sent, 90)
        await server.until(lambda: all("\\Seen" in one.flags for one in server.inbox.mails))
    assert Counter(ids_in(envelopes)) == dict.fromkeys(ids_of(*range(1, sent + 1)), 1)


@pytest.mark.slow_faults
async def test_numbered_anew_all_is_read_again_and_nothing_comes_twice(
    house: MailHouse, server: ImapServer, run: ImapRuns
) -> None:
    """R-IN-06: UIDVALIDITY has changed while the adapter was away, and changes while it works."""
    for number in range(1, 4):
        await server.add(mail(number))
    async with run(server):
        await house.until(3)
    server.inbox.numbered_anew()
    await server.add(mail(4))
    async with run(server):
        await house.until(4)
        server.inbox.numbered_anew()
        await server.add(mail(5))
        server.drop()
        envelopes = await house.until(5)
    assert Counter(ids_in(envelopes)) == dict.fromkeys(ids_of(1, 2, 3, 4, 5), 1)


@pytest.mark.slow_faults
async def test_a_server_that_is_away_refuses_or_throws_out_is_waited_for(
    house: MailHouse, server: ImapServer, run: ImapRuns
) -> None:
    """The process says that it is not ready, and why; with the server back it goes on by itself."""
    server.faults.greeting = "* BYE too many connections"
    async with run(server) as (_, told):
        probe = told["metrics"].replace("/metrics", "/readyz")
        await until(lambda: _status(probe, 503), 20)
        server.faults.refused_logins, server.faults.greeting = 2, ""
        await server.add(mail(1))
        await house.until(1)
        assert server.faults.refused_logins == 0
        await until(lambda: _status(probe, 200), 20)
        await server.stop()
        await until(lambda: _status(probe, 503), 20)
        server.inbox.add(mail(2))
        await server.start()
        assert ids_in(await house.until(2)) == [*ids_of(1), *ids_of(2)]


async def _status(url: str, wanted: int) -> bool:
    async with httpx.AsyncClient(trust_env=False) as http:
        return (await http.get(url, timeout=10)).status_code == wanted


async def test_one_mail_that_fails_holds_up_no_other(house: MailHouse, server: ImapServer, run: ImapRuns) -> None:
    """R-IN-08: what comes later is brought, and of what never comes the house is told by a dead letter."""
    for number in range(1, 7):
        await server.add(mail(number))
    faults = server.faults
    faults.broken, faults.empty, faults.unlisted = {2}, {3}, {5}
    faults.cut.update({4: 3})
    async with run(server, {"poll_seconds": 0.1}, after="seen"):
        envelopes = await house.until(6)
        await server.until(lambda: sum("\\Seen" in one.flags for one in server.inbox.mails) == 4)
    assert ids_of(1, 4, 5, 6) <= set(ids_in(envelopes))
    told = {one["data"]["uid"]: one["data"] for one in envelopes if "set_aside" in one["data"]}
    assert set(told) == {2, 3}
    assert "cannot be read" in told[2]["set_aside"]
    assert all(isinstance(read(one), Unreadable) for one in envelopes if "set_aside" in one["data"])
    assert [one.uid for one in server.inbox.mails if not one.flags] == [2, 3]


async def test_of_a_mail_that_is_too_large_the_beginning_is_read(
    house: MailHouse, server: ImapServer, run: ImapRuns
) -> None:
    await server.add(mail(1, ("video.mp4", "video/mp4", bytes(2_000_000)), text="视频见附件，空调一直漏水。"))
    async with run(server, {"max_bytes": 1_500_000}):
        (envelope,) = await house.until(1)
    found = contact(envelope)
    assert "漏水" in found.text
    (file,) = (one.model_dump() for one in found.attachments)
    assert (file["name"], file["refused"]) == ("video.mp4", "too_large")
    assert "only the beginning is read" in file["why"]


@pytest.mark.slow_faults
@pytest.mark.parametrize("capabilities", [CAPABILITIES, "IMAP4rev1 UIDPLUS"], ids=["MOVE, IDLE", "neither"])
async def test_what_is_on_the_bus_is_moved_as_soon_as_the_server_allows_it(
    house: MailHouse, server: ImapServer, run: ImapRuns, capabilities: str
) -> None:
    """A folder with a Chinese name, made where it is missing; a refusal is no reason to bring a mail again."""
    server.capabilities, server.faults.refused_moves = capabilities, 1
    server.folders["客服"] = server.folders["INBOX"]
    for number in range(1, 4):
        await server.add(mail(number), folder="客服")
    async with run(server, {"poll_seconds": 0.2}, folders=["客服"], after="move:已处理/空调"):
        envelopes = await house.until(3)
        await server.until(lambda: not server.inbox.mails)
    assert Counter(ids_in(envelopes)) == dict.fromkeys(ids_of(1, 2, 3), 1)
    assert [one.content for one in server.folders["已处理/空调"].mails] == [mail(1), mail(2), mail(3)]


@pytest.mark.slow_faults
async def test_while_the_bus_is_away_mails_stay_where_they_are(
    server: ImapServer, run: ImapRuns, tmp_path: Path
) -> None:
    """Nothing is marked before it is stored; when the bus is back everything comes, once."""
    async with EmbeddedNats(tmp_path / "nats") as bus:
        run.nats_url = bus.url
        async with mail_house(bus.url) as house:
            async with run(server, after="seen"):
                await server.add(mail(1))
                await house.until(1)
                await server.until(lambda: "\\Seen" in server.inbox.mails[0].flags)
                await bus.stop()
                for number in range(2, 6):
                    await server.add(mail(number, ("a.pdf", "application/pdf", PDF)))
                await server.until(lambda: server.commands.count("UID FETCH") >= 4)
                assert not any("\\Seen" in one.flags for one in server.inbox.mails[1:])
                await bus.start()
                await until(lambda: house.client.is_connected, 30)
                envelopes = await house.until(5)
                await server.until(lambda: all("\\Seen" in one.flags for one in server.inbox.mails))
            assert Counter(ids_in(envelopes)) == dict.fromkeys(ids_of(1, 2, 3, 4, 5), 1)


@pytest.mark.slow_faults
@pytest.mark.parametrize(("first", "expected"), [("unseen", (2, 3)), ("new", (3,))])
async def test_an_old_mailbox_is_no_flood(
    house: MailHouse, server: ImapServer, run: ImapRuns, first: str, expected: tuple[int, ...]
) -> None:
    """Of a folder that was never read before, only what nobody has read is brought, or only what comes from then on."""
    await server.add(mail(1), "\\Seen")
    await server.add(mail(2))
    async with run(server, first=first):
        await server.until(lambda: "IDLE" in server.commands)
        await server.add(mail(3))
        envelopes = await house.until(len(expected))
        await server.until(lambda: server.commands.count("IDLE") >= 2)
    assert set(ids_in(envelopes)) == ids_of(*expected)
    assert await house.count() == len(expected)


@pytest.mark.slow_faults
@pytest.mark.parametrize("first", ["unseen", "new"])
async def test_an_old_mailbox_that_is_numbered_anew_is_no_flood_either(
    house: MailHouse, server: ImapServer, run: ImapRuns, first: str
) -> None:
    """R-NT-01: nobody is told that a mail was received which people answered before we read the folder at all."""
    old = await server.add(mail(1), "\\Seen")
    old.at -= timedelta(days=30)
    async with run(server, first=first):
        await server.until(lambda: "IDLE" in server.commands)
        await server.add(mail(2), "\\Seen")
        await house.until(1)
        idle = server.commands.count("IDLE")
        server.inbox.numbered_anew()
        server.drop()
        await server.add(mail(3))
        envelopes = await house.until(2)
        await server.until(lambda: server.commands.count("IDLE") > idle)
    assert set(ids_in(envelopes)) == ids_of(2, 3)
    assert await house.count() == 2


async def test_a_token_serves_instead_of_a_password(house: MailHouse, server: ImapServer, run: ImapRuns) -> None:
    """XOAUTH2; and the client says who it is, without which some servers select no folder."""
    await server.add(mail(1))
    async with run(server, access_token="imap_token"):
        await house.until(1)
    assert "AUTHENTICATE" in server.commands
    assert "LOGIN" not in server.commands
    assert '"yingda"' in server.named[0]


async def test_told_to_end_it_ends_while_it_waits(house: MailHouse, server: ImapServer, run: ImapRuns) -> None:
    await server.add(mail(1))
    async with run(server, {"poll_seconds": 1_500}) as (process, _):
        await house.until(1)
        await server.until(lambda: "IDLE" in server.commands)
        process.terminate()
        await server.until(lambda: "LOGOUT" in server.commands)
        assert await process.wait() == 0


@pytest.mark.slow_faults
@pytest.mark.parametrize("silent", ["from the beginning", "when it is told goodbye"])
async def test_told_to_end_it_ends_whatever_the_server_does(
    house: MailHouse, server: ImapServer, run: ImapRuns, silent: str
) -> None:
    """A server that says nothing any more is no reason to end as a crash would (`shared.ending`)."""
    await server.add(mail(1))
    server.faults.silent = silent == "from the beginning"
    async with run(server, {"poll_seconds": 1_500, "timeout_seconds": 600}) as (process, _):
        if server.faults.silent:
            await server.until(lambda: bool(server.commands))
        else:
            await house.until(1)
            await server.until(lambda: "IDLE" in server.commands)
            server.faults.silent = True
        process.terminate()
        assert await process.wait() == 0
