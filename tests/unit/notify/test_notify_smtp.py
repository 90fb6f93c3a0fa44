"""The smtp transport against a real server that misbehaves (R-NT-04, R-NT-05)."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from services.notify.plugins import smtp as smtp_plugin
from services.notify.plugins.mail import connections
from services.notify.plugins.mail.writing import Writer
from services.notify.plugins.smtp import SmtpConfig, SmtpTransport
from services.notify.ports import (
    Message,
    Outbound,
    Rejected,
    Retry,
    Sender,
    Sent,
    Transport,
    TransportError,
    Unknown,
)
from shared.settings import Settings
from tests.plugins import transport_setup
from tests.polling import until
from tests.unit.notify.events import NOW
from tests.unit.notify.smtp_server import SmtpServer, encrypted_smtp_server, smtp_server
from tests.vendor_server import trust

HEADERS = {
    *(
        b"from",
        b"to",
        b"subject",
        b"date",
        b"message-id",
        b"references",
        b"auto-submitted",
        b"x-auto-response-suppress",
    ),
    *(b"content-language", b"reply-to", b"content-type", b"content-transfer-encoding", b"mime-version"),
}
PATIENT, HASTY = 20.0, 1.0
Make = Callable[..., SmtpTransport]


@pytest.fixture
async def transport() -> AsyncIterator[Make]:
    """Make transports to a server of a test, as the environment names it or by a config; all are closed in the end."""
    made: list[SmtpTransport] = []

    def make(server: SmtpServer, config: SmtpConfig | None = None, **settings: Any) -> SmtpTransport:
        values: dict[str, Any] = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_tls": "none"} | settings
        wait = values.pop("wait", PATIENT)
        given = transport_setup("email", Settings(**values), lambda: NOW, wait, config)
        made.append(SmtpTransport(dataclasses.replace(given, secrets=lambda name: SecretStr(f"secret of {name}"))))
        return made[-1]

    yield make
    for one in made:
        await one.close()


def outbound(number: int = 1, **changes: Any) -> Outbound:
    values: dict[str, Any] = {
        "notification_id": f"n{number}",
        "to": f"customer-{number}@example.com",
        "subject": "您的问题已受理（编号 XR20261123001）",
        "text": "王女士，您好！\n.\n您反映的问题已受理。",
        "sender": Sender("应答客服中心", "service@example.com"),
        "locale": "zh",
    }
    return Outbound(Message(**(values | changes)), "accepted", "customer", 1, "XR20261123001")


async def test_a_batch_goes_over_one_connection_and_arrives_whole(transport: Make) -> None:
    async with smtp_server() as server:
        smtp: Transport = transport(server)
        outcomes = await smtp.send([outbound(1), outbound(2)])
    assert outcomes == [
        Sent("<n1.XR20261123001@example.com>"),
        Sent("<n2.XR20261123001@example.com>"),
    ]  # what a bounce names the mail by
    assert server.connections == 1
    assert server.recipients == ["customer-1@example.com", "customer-2@example.com"]
    mail = server.mails[0]
    assert mail["Subject"] == "您的问题已受理（编号 XR20261123001）"
    assert mail["From"].addresses[0].display_name == "应答客服中心"
    assert mail["Message-ID"] == "<n1.XR20261123001@example.com>"
    assert mail["References"] == "<XR20261123001@example.com>"  # one conversation for one work order
    assert mail["Auto-Submitted"] == "auto-generated"  # R-NT-07
    assert mail.get_content().splitlines() == ["王女士，您好！", ".", "您反映的问题已受理。"]


async def test_html_goes_beside_the_text(transport: Make) -> None:
    async with smtp_server() as server:
        await transport(server).send([outbound(html="<p>您好</p>")])
    assert [part.get_content_type() for part in server.mails[0].iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    ("verb", "answer", "wanted"),
    [
        ("RCPT", "550 no such user", Rejected("refused with 550", address=True)),
        ("RCPT", "550 5.1.1 unknown mailbox", Rejected("refused with 550", address=True)),
        ("RCPT", "550 5.7.1 we do not like you", Rejected("refused with 550")),
        ("RCPT", "552 mailbox full", Rejected("refused with 552")),
        ("RCPT", "450 mailbox busy", Retry("refused with 450")),
        ("MAIL", "451 later", Retry("refused with 451")),
        ("DATA", "554 no", Rejected("refused with 554")),
        ("DOT", "552 too big", Rejected("refused with 552")),
        ("DOT", "451 later", Retry("refused with 451")),
    ],
)
async def test_5xx_is_for_good_and_4xx_for_now_and_the_next_mail_passes(
    transport: Make, verb: str, answer: str, wanted: object
) -> None:
    async with smtp_server(**{verb: [answer]}) as server:
        outcomes = await transport(server).send([outbound(1), outbound(2)])
    assert outcomes == [wanted, Sent("<n2.XR20261123001@example.com>")]
    assert len(server.mails) == 1


@pytest.mark.parametrize("trouble", ["drop", pytest.param("hang", marks=pytest.mark.slow)])
async def test_no_answer_after_data_is_unknown(transport: Make, trouble: str) -> None:
    """R-NT-04; the next mail goes over a new connection."""
    async with smtp_server(DOT=[trouble]) as server:
        outcomes = await transport(server, wait=HASTY if trouble == "hang" else PATIENT).send(
            [outbound(1), outbound(2)]
        )
    assert isinstance(outcomes[0], Unknown)
    assert outcomes[1] == Sent("<n2.XR20261123001@example.com>")
    assert server.connections == 2


@pytest.mark.parametrize("verb", ["RCPT", "MAIL"])
@pytest.mark.parametrize("trouble", ["drop", pytest.param("hang", marks=pytest.mark.slow)])
async def test_no_answer_before_data_is_tried_again(transport: Make, verb: str, trouble: str) -> None:
    async with smtp_server(**{verb: [trouble]}) as server:
        outcomes = await transport(server, wait=HASTY if trouble == "hang" else PATIENT).send([outbound()])
    assert isinstance(outcomes[0], Retry)
    assert server.mails == []


@pytest.mark.parametrize("trouble", ["drop", pytest.param("hang", marks=pytest.mark.slow), "421 closing"])
async def test_a_server_that_does_not_greet_is_tried_later(transport: Make, trouble: str) -> None:
    async with smtp_server(CONNECT=[trouble]) as server:
        outcomes = await transport(server, wait=HASTY if trouble == "hang" else PATIENT).send(
            [outbound(1), outbound(2)]
        )
    assert [type(outcome) for outcome in outcomes] == [Retry, Retry]


async def test_a_server_that_is_not_there_is_tried_later(transport: Make) -> None:
    async with smtp_server() as server:
        pass
    (outcome,) = await transport(server).send([outbound()])
    assert isinstance(outcome, Retry)


async def test_a_server_without_tls_gets_nothing_where_tls_is_asked_for(transport: Make) -> None:
    async with smtp_server() as server:
        (outcome,) = await transport(server, smtp_tls="starttls").send([outbound()])
    assert isinstance(outcome, Retry)
    assert server.recipients == []


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "hello\r\nBcc: all@example.com"},
        {"to": "a@example.com\nBcc: all@example.com"},
        {"to": "a@example.com>, <b@example.com"},
        {"to": "not an address"},
        {"to": "a@example.com\r\nRCPT TO:<all@example.com>"},
        {"to": "a@example.com\u2028Bcc: all@example.com"},
        {"sender": Sender("x\ny", "service@example.com")},
        {"sender": Sender("x", "other@example.com\r\nBcc: all@example.com")},
        {"sender": Sender("x\x85y", "service@example.com")},
        {"notification_id": "n\r\nX: y"},
        {"locale": "zh\r\nBcc: all@example.com"},
        {"subject": "hello\0"},
        {"subject": "hello\rBcc: all@example.com"},
    ],
)
async def test_headers_cannot_be_injected(transport: Make, changes: dict[str, Any]) -> None:
    async with smtp_server() as server:
        outcomes = await transport(server).send([outbound(**changes), outbound(2)])
    assert isinstance(outcomes[0], Rejected)
    assert isinstance(outcomes[1], Sent)
    assert server.recipients == ["customer-2@example.com"]


async def test_it_cannot_tell_what_it_sent_and_is_never_sent_twice_to_a_customer(transport: Make) -> None:
    async with smtp_server() as server:
        smtp = transport(server)
        assert await smtp.sent_before(["n1"]) is None
        assert not smtp.resend_when_unknown
        await asyncio.wait_for(smtp.close(), 1)


@given(*[st.text(max_size=40)] * 6)
def test_no_value_makes_a_header(to: str, subject: str, name: str, email: str, key: str, number: str) -> None:
    """Whatever stands in them: a mail has the headers that it should have, once each, or there is none."""
    out = outbound(to=to, subject=subject, sender=Sender(name, email), notification_id=key, text=subject)
    written = Writer("sender@example.com", lambda: NOW).mail(dataclasses.replace(out, work_order=number))
    if isinstance(written, Rejected):
        return
    head = written.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0].lower() for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
    assert len(names) == len(set(names))
    assert set(names) <= HEADERS
    assert message_from_bytes(written, policy=policy.default)["From"].addresses[0].addr_spec == "sender@example.com"


async def test_batches_share_a_kept_connection(transport: Make) -> None:
    """R-NT-05: and what runs at the same time has its own."""
    async with smtp_server() as server:
        smtp = transport(server)
        for _ in range(3):
            assert len(await smtp.send([outbound(1), outbound(2)])) == 2
        assert server.connections == 1
        await asyncio.gather(smtp.send([outbound(3)]), smtp.send([outbound(4)]))
        assert server.connections == 2
        await smtp.close()
        await until(lambda: server.closed == 2, 20)
        await smtp.send([outbound(5)])  # a batch in hand while it is closed leaves nothing behind
        await until(lambda: server.closed == 3, 20)
    assert len(server.mails) == 9


@pytest.mark.parametrize("answer", ["drop", "421 4.4.2 idle for too long"])
async def test_a_kept_connection_that_the_server_closed_is_replaced(transport: Make, answer: str) -> None:
    """R-NT-04: nothing was handed over, so the mail goes over another one at once, and arrives once."""
    async with smtp_server() as server:
        smtp = transport(server)
        await smtp.send([outbound(1)])
        server.replies["MAIL"] = [answer]
        assert await smtp.send([outbound(2), outbound(3)]) == [
            Sent("<n2.XR20261123001@example.com>"),
            Sent("<n3.XR20261123001@example.com>"),
        ]
        server.replies["MAIL"] = [answer] * 2  # a fresh one that does the same is not asked again and again
        assert [type(one) for one in await smtp.send([outbound(4), outbound(5)])] == [Retry, Sent]
    assert server.recipients == [f"customer-{number}@example.com" for number in (1, 2, 3, 5)]


async def test_a_kept_connection_has_its_time_and_its_number_of_mails(
    transport: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0.05)
    monkeypatch.setattr(connections, "MOST_MAILS", 2)
    async with smtp_server() as server:
        smtp = transport(server)
        await smtp.send([outbound(1)])
        await until(lambda: server.closed == 1, 20)
        await smtp.send([outbound(number) for number in range(2, 7)])
    assert server.connections == 4
    assert len(server.mails) == 6


@pytest.mark.parametrize("verb", ["RCPT", "."])
async def test_a_connection_that_was_broken_off_in_a_mail_carries_no_other(transport: Make, verb: str) -> None:
    """R-NT-04: the answer that is still to come would be taken for one about the next mail."""
    async with smtp_server() as server:
        smtp = transport(server)
        server.replies[verb] = ["late"]
        batch = asyncio.create_task(smtp.send([outbound(1)]))
        await until(lambda: not server.replies[verb], 20)
        batch.cancel()
        await asyncio.gather(batch, return_exceptions=True)
        server.late.set()
        server.replies["RCPT"] = ["550 no such user"]
        outcomes = await smtp.send([outbound(2), outbound(3)])
    assert outcomes == [Rejected("refused with 550", address=True), Sent("<n3.XR20261123001@example.com>")]
    assert server.connections == 2


@pytest.mark.slow
@pytest.mark.parametrize(("verb", "wanted"), [("CONNECT", Retry), ("RCPT", Retry), (".", Unknown)])
async def test_a_batch_ends_in_time_and_what_has_left_is_known(
    transport: Make, monkeypatch: pytest.MonkeyPatch, verb: str, wanted: type
) -> None:
    """R-NT-04: whoever asked waits no longer, and would take even what has left for unknown."""
    monkeypatch.setattr(smtp_plugin, "BATCH_SECONDS", 2.9)
    monkeypatch.setattr(smtp_plugin, "END_SECONDS", 3.0)
    async with smtp_server() as server:
        smtp = transport(server)
        usual = {"CONNECT": [], "RCPT": ["250 ok"], ".": ["250 taken as 42"]}[verb]
        server.replies[verb] = [*usual, "hang"]
        outcomes = await smtp.send([outbound(number) for number in range(4)])
    assert [type(one) for one in outcomes] == [*([Sent] if usual else []), wanted, Retry, Retry, Retry][:4]


@pytest.mark.slow
@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_connection_is_encrypted_and_logged_in_as_the_policy_says(
    transport: Make, tmp_path: Path, tls: Any
) -> None:
    house = trust(tmp_path)
    async with encrypted_smtp_server(house.server, implicit=tls == "tls") as server:
        config = SmtpConfig(
            host="127.0.0.1",
            port=server.port,
            tls=tls,
            user="us",
            password="mail_password",
            sender="us@x.example",
            ca=house.ca,
        )
        smtp = transport(server, config)
        assert await smtp.send([outbound()]) == [Sent("<n1.XR20261123001@x.example>")]
    assert server.encrypted == [True]
    assert server.credentials == [["us", "secret of mail_password"]]
    assert server.mails[0]["Reply-To"].addresses[0].addr_spec == "service@example.com"


@pytest.mark.slow
@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_server_that_nobody_vouches_for_gets_nothing(transport: Make, tmp_path: Path, tls: Any) -> None:
    """R-NT-04: no mail, and no password."""
    mine, other = tmp_path / "mine", tmp_path / "other"
    mine.mkdir()
    other.mkdir()
    for house, ca in ((trust(mine), trust(other).ca), (trust(mine, "another.example"), None)):
        async with encrypted_smtp_server(house.server, implicit=tls == "tls") as server:
            config = SmtpConfig(
                host="127.0.0.1",
                port=server.port,
                tls=tls,
                user="us",
                password="p",
                sender="us@x.example",
                ca=ca or house.ca,
            )
            assert [type(one) for one in await transport(server, config).send([outbound()])] == [Retry]
        assert server.credentials == []
        assert server.recipients == []


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"port": 25}, "host is missing"),
        ({"host": "h"}, "sender is missing"),
        ({"host": "h", "sender": "a@b", "user": "u"}, "user and password go together"),
        ({"host": "h", "sender": "a@b", "user": "u", "password": "p", "tls": "none"}, "over TLS only"),
        ({"host": "h", "sender": "a@b\r\nBcc: c@d"}, "sender"),
        ({"host": "h", "sender": "a@b", "ports": 1}, "ports"),
    ],
)
def test_a_config_that_cannot_work_is_refused(config: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        SmtpConfig.model_validate(config)


def test_it_says_what_it_lacks() -> None:
    with pytest.raises(TransportError, match="YINGDA_SMTP_HOST"):
        SmtpTransport(transport_setup("email"))
    with pytest.raises(TransportError, match="nothing else"):
        SmtpTransport(transport_setup("sms", Settings(smtp_host="h")))
