"""The adapter `lmtp` as its own process, before smtplib and a real NATS: 250 only for what is on the bus (R-IN-01, R-IN-06)."""

import asyncio
import signal
import smtplib
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
import pytest_asyncio

from shared.testing.embedded_nats import EmbeddedNats
from tests.mail.house import MailHouse, contact, ids_in, ids_of, mail_house
from tests.mail.imap_server import USER
from tests.mail.mails import PDF, mail
from tests.mail.runs import LmtpRuns
from tests.mail.tls import Certificate, certificate
from tests.polling import until

SENDER = "wang@example.org"
T = TypeVar("T")


@pytest_asyncio.fixture(loop_scope="session")
async def house(own_nats: str) -> AsyncIterator[MailHouse]:
    async with mail_house(own_nats) as made:
        yield made


@pytest.fixture
def run(own_nats: str, tmp_path: Path) -> LmtpRuns:
    return LmtpRuns(own_nats, tmp_path)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("tls"))


def port_of(told: dict[str, Any]) -> int:
    return int(told["web"].rpartition(":")[2])


class Lmtp(smtplib.LMTP):
    """A client that reads an answer for each recipient after a mail, as RFC 2033 says and smtplib does not."""

    def bring(self, content: bytes, *recipients: str, sender: str = SENDER) -> list[int]:
        """Return the codes: of the sender if it is refused, of each recipient, and of the mail for each one taken."""
        self.ehlo_or_helo_if_needed()
        code, _ = self.mail(sender, ["BODY=8BITMIME"])
        if code != 250:
            self.rset()
            return [code]
        taken = [self.rcpt(recipient)[0] for recipient in recipients]
        if 250 not in taken:
            self.rset()
            return taken
        self.putcmd("data")
        assert self.getreply()[0] == 354
        self.send(smtplib._quote_periods(smtplib._fix_eols(content.decode("latin-1")).encode("latin-1")))  # type: ignore[attr-defined]
        self.send(b"\r\n.\r\n" if not content.endswith(b"\n") else b".\r\n")
        return [*(code for code in taken if code != 250), *(self.getreply()[0] for code in taken if code == 250)]


async def with_client(port: int, act: Callable[[Lmtp], T]) -> T:
    """Return what `act` does with a connection of its own, in a thread."""

    def work() -> T:
        with Lmtp("127.0.0.1", port, timeout=30) as client:
            return act(client)

    return await asyncio.to_thread(work)


async def test_250_means_that_it_is_on_the_bus(house: MailHouse, run: LmtpRuns) -> None:
    """R-IN-02: one contact for each mailbox of ours, whichever of its addresses it came to, with its files."""
    to = [USER, "Help+order@Example.com", "press@example.com", "nobody@example.com"]
    content = mail(1, ("发票.pdf", "application/pdf", PDF))
    async with run() as (_, told):
        assert await with_client(port_of(told), lambda client: client.bring(content, *to)) == [550, 250, 250, 250]
        envelopes = await house.envelopes()
    assert Counter(one["source"] for one in envelopes) == {f"email/{USER}": 1, "email/press@example.com": 1}
    assert set(ids_in(envelopes)) == ids_of(1)
    ours = next(one["data"] for one in envelopes if one["data"]["mailbox"] == USER)
    assert (ours["envelope_from"], ours["envelope_to"]) == (SENDER, [USER, "Help+order@Example.com"])
    (file,) = (one.model_dump() for one in contact(envelopes[0]).attachments)
    assert (await house.files.get(file["sha256"])).content == PDF


async def test_what_is_not_for_us_too_large_or_no_mail_is_answered_at_once(house: MailHouse, run: LmtpRuns) -> None:
    """No relay; a bounce has no sender; lines of any length are mail, and what is too large is refused for good."""
    long_line = mail(3).replace(b"\n\n", b"\n\n" + b"x" * 50_000 + b"\n\n", 1)

    def talk(client: Lmtp) -> list[list[int]]:
        return [
            client.bring(mail(1), "someone@elsewhere.example"),
            client.bring(mail(2, ("a.mp4", "video/mp4", bytes(200_000))), USER, "press@example.com"),
            client.bring(long_line, USER),
            client.bring(mail(4), USER, sender=""),
            client.bring(b"\xff\xfe\x00 no mail at all", USER),
        ]

    async with run(max_bytes=150_000) as (_, told):
        assert await with_client(port_of(told), talk) == [[550], [552, 552], [250], [250], [250]]
        envelopes = await house.envelopes()
    assert len(envelopes) == 3
    assert [one["data"]["envelope_from"] for one in envelopes] == [SENDER, "", SENDER]


async def test_killed_again_and_again_it_loses_nothing_that_it_took(house: MailHouse, run: LmtpRuns) -> None:
    """R-IN-06: a mail server that repeats what was not answered with 250, against what is on the bus."""
    waiting, taken = list(range(1, 61)), set[int]()

    def bring(client: Lmtp, most: int = 60) -> None:
        for number in waiting[:most]:
            if client.bring(mail(number, ("a.pdf", "application/pdf", PDF + b"%d" % number)), USER) == [250]:
                waiting.remove(number)
                taken.add(number)

    async def deliver(port: int, most: int = 60) -> None:
        try:
            await with_client(port, partial(bring, most=most))
        except (OSError, smtplib.SMTPException):
            return  # it keeps the mails, as a mail server does

    for _ in range(3):
        async with run() as (process, told):
            before = len(taken)
            delivering = asyncio.create_task(deliver(port_of(told), 19))  # so that some are left for after the kills
            await until(lambda: len(taken) >= before + 12 or delivering.done(), 60, every=0.005)  # noqa: B023
            process.send_signal(signal.SIGKILL)
            await delivering
        assert ids_of(*taken) <= set(ids_in(await house.envelopes()))
    assert waiting
    async with run() as (_, told):
        await deliver(port_of(told))
    assert not waiting
    assert Counter(ids_in(await house.envelopes())) == dict.fromkeys(ids_of(*range(1, 61)), 1)


@pytest.mark.slow_faults
async def test_while_the_bus_is_away_the_sender_keeps_its_mail(tmp_path: Path) -> None:
    async with EmbeddedNats(tmp_path / "nats") as bus, mail_house(bus.url) as house:
        async with LmtpRuns(bus.url, tmp_path)() as (_, told):
            port = port_of(told)
            assert await with_client(port, lambda client: client.bring(mail(1), USER)) == [250]
            await bus.stop()
            assert await with_client(port, lambda client: client.bring(mail(2), USER, "press@example.com")) == [451] * 2
            await bus.start()
            await until(lambda: house.client.is_connected, 30)

            async def taken() -> bool:
                return await with_client(port, lambda client: client.bring(mail(2), USER)) == [250]

            await until(taken, 60)
        sources = Counter(one["id"] for one in await house.envelopes() if one["source"] == f"email/{USER}")
        assert sources == dict.fromkeys(ids_of(1, 2), 1)


async def test_so_many_connections_and_no_mail_without_encryption(
    house: MailHouse, run: LmtpRuns, tls: Certificate
) -> None:
    """STARTTLS is asked for where it is required; who comes when all places are taken is told to come again."""
    settings = {"connections": 2, "certificate": str(tls.certificate), "key": str(tls.key), "require_tls": True}

    def encrypted(client: Lmtp) -> list[int]:
        assert client.bring(mail(1), USER) == [530]
        client.starttls(context=ssl.create_default_context(cafile=str(tls.certificate)))
        return client.bring(mail(1), USER)

    def crowd() -> list[bytes]:
        open_ones = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(3)]
        try:
            return [one.recv(4)[:3] for one in open_ones]
        finally:
            for one in open_ones:
                one.close()

    async def as_many_as_there_are_places() -> bool:
        return Counter(await asyncio.to_thread(crowd)) == {b"220": 2, b"421": 1}

    async with run(**settings) as (_, told):
        port = port_of(told)
        assert await with_client(port, encrypted) == [250]
        await until(as_many_as_there_are_places, 30)  # the place of a connection that has ended is free a moment later
    assert await house.count() == 1


async def test_as_smtp_it_gives_one_answer_for_all(house: MailHouse, run: LmtpRuns) -> None:
    def send(port: int) -> dict[str, tuple[int, bytes]]:
        with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
            return client.sendmail(SENDER, [USER, "press@example.com", "nobody@example.com"], mail(1))

    async with run(protocol="smtp") as (_, told):
        refused = await asyncio.to_thread(send, port_of(told))
    assert set(refused) == {"nobody@example.com"}
    assert await house.count() == 2


async def test_told_to_end_it_finishes_what_is_in_hand(house: MailHouse, run: LmtpRuns) -> None:
    async with run() as (process, told):
        port = port_of(told)

        def end_in_the_middle(client: Lmtp) -> list[int]:
            codes = client.bring(mail(1), USER)
            process.terminate()
            return codes

        assert await with_client(port, end_in_the_middle) == [250]
        async with asyncio.timeout(60):
            assert await process.wait() == 0
    assert await house.count() == 1
