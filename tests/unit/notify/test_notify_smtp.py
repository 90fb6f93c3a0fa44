"""The smtp transport against a real server that misbehaves (R-NT-04, R-NT-05)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.notify.plugins.smtp import SmtpTransport
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
from tests.unit.notify.events import NOW
from tests.unit.notify.smtp_server import SmtpServer, smtp_server


def transport(server: SmtpServer, **settings: Any) -> SmtpTransport:
    values: dict[str, Any] = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_tls": "none"} | settings
    return SmtpTransport(transport_setup("email", Settings(**values), lambda: NOW, 0.3))


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


async def test_a_batch_goes_over_one_connection_and_arrives_whole() -> None:
    async with smtp_server() as server:
        smtp: Transport = transport(server)
        outcomes = await smtp.send([outbound(1), outbound(2)])
    assert outcomes == [Sent("<n1@example.com>"), Sent("<n2@example.com>")]  # what a bounce names the mail by
    assert server.connections == 1
    assert server.recipients == ["customer-1@example.com", "customer-2@example.com"]
    mail = server.mails[0]
    assert mail["Subject"] == "您的问题已受理（编号 XR20261123001）"
    assert mail["From"].addresses[0].display_name == "应答客服中心"
    assert mail["Message-ID"] == "<n1@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"  # R-NT-07
    assert mail.get_content().splitlines() == ["王女士，您好！", ".", "您反映的问题已受理。"]


async def test_html_goes_beside_the_text() -> None:
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
async def test_5xx_is_for_good_and_4xx_for_now_and_the_next_mail_passes(verb: str, answer: str, wanted: object) -> None:
    async with smtp_server(**{verb: [answer]}) as server:
        outcomes = await transport(server).send([outbound(1), outbound(2)])
    assert outcomes == [wanted, Sent("<n2@example.com>")]
    assert len(server.mails) == 1


@pytest.mark.parametrize("trouble", ["drop", "hang"])
async def test_no_answer_after_data_is_unknown(trouble: str) -> None:
    """R-NT-04; the next mail goes over a new connection."""
    async with smtp_server(DOT=[trouble]) as server:
        outcomes = await transport(server).send([outbound(1), outbound(2)])
    assert isinstance(outcomes[0], Unknown)
    assert outcomes[1] == Sent("<n2@example.com>")
    assert server.connections == 2


@pytest.mark.parametrize("verb", ["RCPT", "MAIL"])
@pytest.mark.parametrize("trouble", ["drop", "hang"])
async def test_no_answer_before_data_is_tried_again(verb: str, trouble: str) -> None:
    async with smtp_server(**{verb: [trouble]}) as server:
        outcomes = await transport(server).send([outbound()])
    assert isinstance(outcomes[0], Retry)
    assert server.mails == []


@pytest.mark.parametrize("trouble", ["drop", "hang", "421 closing"])
async def test_a_server_that_does_not_greet_is_tried_later(trouble: str) -> None:
    async with smtp_server(CONNECT=[trouble]) as server:
        outcomes = await transport(server).send([outbound(1), outbound(2)])
    assert [type(outcome) for outcome in outcomes] == [Retry, Retry]


async def test_a_server_that_is_not_there_is_tried_later() -> None:
    async with smtp_server() as server:
        pass
    (outcome,) = await transport(server).send([outbound()])
    assert isinstance(outcome, Retry)


async def test_a_server_without_tls_gets_nothing_where_tls_is_asked_for() -> None:
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
        {"sender": Sender("x\ny", "service@example.com")},
        {"notification_id": "n\r\nX: y"},
    ],
)
async def test_headers_cannot_be_injected(changes: dict[str, Any]) -> None:
    async with smtp_server() as server:
        outcomes = await transport(server).send([outbound(**changes), outbound(2)])
    assert isinstance(outcomes[0], Rejected)
    assert isinstance(outcomes[1], Sent)
    assert server.recipients == ["customer-2@example.com"]


async def test_it_cannot_tell_what_it_sent_and_is_never_sent_twice_to_a_customer() -> None:
    async with smtp_server() as server:
        smtp = transport(server)
        assert await smtp.sent_before(["n1"]) is None
        assert not smtp.resend_when_unknown
        await asyncio.wait_for(smtp.close(), 1)


def test_it_says_what_it_lacks() -> None:
    with pytest.raises(TransportError, match="YINGDA_SMTP_HOST"):
        SmtpTransport(transport_setup("email"))
    with pytest.raises(TransportError, match="nothing else"):
        SmtpTransport(transport_setup("sms", Settings(smtp_host="h")))
