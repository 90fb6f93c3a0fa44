"""Reports on mails of ours, answers of machines and our own mail are no contacts (R-NT-07, ADR 0040)."""

from datetime import UTC, datetime

import pytest

from services.intake.ports import Aside
from services.notify.plugins.mail.writing import Writer
from services.notify.ports import Message, Outbound, Sender
from shared.events import Contact, DeliveryReport
from shared.ids import derived_id
from tests.unit.intake.email.mails import CORPORA, contact, letter, read

OURS = "0193d3f0-0000-5000-8000-0123456789ab.XR20261123001@example.com"
"""As `services/notify/plugins/mail/writing.py` makes it, for the mailbox of these tests."""


def report(action: str, status: str, diagnosis: str, message_id: str = OURS) -> bytes:
    """Return a delivery report as RFC 3464 has it."""
    return f"""From: Mail Delivery System <MAILER-DAEMON@mx.example.org>
To: service@example.com
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; wang@example.org
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {diagnosis}
--b
Content-Type: message/rfc822

From: service@example.com
To: wang@example.org
Message-ID: <{message_id}>
Subject: =?utf-8?b?5Y+X55CG?=

body
--b--
""".encode()


def told(mail: bytes, **beside: str) -> Aside:
    reading = read(mail, **beside)
    assert isinstance(reading, Aside), reading
    return reading


@pytest.mark.parametrize(
    ("action", "status", "diagnosis", "state"),
    [
        ("failed", "5.1.1", "550 5.1.1 <wang@example.org>: Recipient address rejected: User unknown", "bounced"),
        (
            "failed",
            "5.1.10",
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
            "bounced",
        ),
        ("failed", "5.0.0", "550 5.1.1 user unknown", "bounced"),
        ("failed", "5.0.0", "550 Mailbox not found", "bounced"),
        ("failed", "5.2.2", "552 5.2.2 mailbox full", "failed"),
        ("failed", "5.7.1", "554 5.7.1 message rejected as spam", "failed"),
        ("failed", "4.4.7", "message expired", "failed"),
        ("delivered", "2.0.0", "250 ok", "delivered"),
        ("relayed", "2.0.0", "250 ok", "delivered"),
    ],
)
def test_a_delivery_report_says_what_became_of_our_mail(action: str, status: str, diagnosis: str, state: str) -> None:
    """R-NT-05, R-NT-07: only an address that takes no mail for good counts as bounced."""
    (found,) = told(report(action, status, diagnosis)).reports
    assert (found.message_id, found.state) == (OURS, state)


def test_a_delay_is_no_end() -> None:
    """R-NT-05: the server goes on trying."""
    assert told(report("delayed", "4.4.1", "connection timed out")) == Aside(
        "delayed", datetime(2026, 11, 23, 2, 15, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    "name",
    [
        "multi_address_bounce1.eml",
        "multi_address_bounce2.eml",
        "report_530.eml",
        "multipart_report_multiple_status.eml",
    ],
)
def test_reports_on_mails_that_are_not_ours_are_recorded_and_believed_in_nothing(name: str) -> None:
    """R-NT-07: nobody can silence an address with a forged report: our Message-IDs are known to their readers only."""
    assert told((CORPORA / "mikel_mail" / name).read_bytes()) == Aside(
        "bounced", told((CORPORA / "mikel_mail" / name).read_bytes()).occurred_at
    )
    assert told(report("failed", "5.1.1", "user unknown", "1@example.com")).reports == ()
    assert told(report("failed", "5.1.1", "user unknown", OURS.replace("example.com", "example.net"))).reports == ()


FREE = {
    "QQ": (
        "PostMaster@qq.com",
        "系统退信",
        "抱歉，您的邮件被退回来了……\n原邮件信息：\n时间 2026-11-23 10:00:00\n退信原因：收件人邮箱帐号不存在（550 Mailbox not found）\nMessage-ID: <{}>",
        "bounced",
    ),
    "163": (
        "Postmaster@163.com",
        "系统退信",
        "您的邮件没有送达\n收件人 wang@163.com 退信原因：User not found: wang@163.com\n550 User not found\n{}",
        "bounced",
    ),
    "Exchange": (
        "postmaster@corp.example",
        "Undeliverable: 受理通知",
        "Delivery has failed to these recipients or groups.\nRemote Server returned '550 5.1.1 RESOLVER.ADR.ExRecipNotFound'\nMessage-ID: <{}>",
        "bounced",
    ),
    "qmail": (
        "MAILER-DAEMON@mx.example.org",
        "failure notice",
        "Hi. This is the qmail-send program.\n<wang@example.org>:\nSorry, no mailbox here by that name. (#5.1.1)\n\nMessage-ID: <{}>",
        "bounced",
    ),
    "full": ("postmaster@qq.com", "退信通知", "对方邮箱已满，552 mailbox is full\n<{}>", "failed"),
}


@pytest.mark.parametrize("server", FREE)
def test_what_servers_write_instead_of_a_report(server: str) -> None:
    """R-NT-07: QQ, 163, Exchange and qmail tell it in words."""
    sender, subject, text, state = FREE[server]
    mail = letter(text.format(OURS), f"Subject: {subject}", sender=sender)
    assert [(one.message_id, one.state) for one in told(mail).reports] == [(OURS, state)]
    assert told(mail, envelope_from="").kind == "bounced"


def test_a_customer_who_writes_of_a_bounce_is_a_customer() -> None:
    """R-IN-01: nor does a mail about a failed delivery count as one."""
    forwarded = letter(f"我收到了这封退信 <{OURS}>，550 5.1.1 user unknown", "Subject: 转发: 系统退信")
    assert isinstance(read(forwarded), Contact)
    assert isinstance(read(letter("快递投递失败了", "Subject: 投递失败")), Contact)


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        (["Auto-Submitted: auto-replied"], "auto_replied"),
        (["Auto-Submitted: auto-replied (vacation)"], "auto_replied"),
        (["X-Autoreply: yes"], "auto_replied"),
        (["Precedence: auto_reply"], "auto_replied"),
        (["Subject: 自动回复: Re: 受理通知"], "auto_replied"),
        (["Subject: Automatic reply: XR20261123001"], "auto_replied"),
        (["Subject: [自动回复] 休假中"], "auto_replied"),
        (["Subject: Out of Office: back on Monday"], "auto_replied"),
        (["Subject: =?gb2312?B?19S2r7vYuLSjug==?=x"], "auto_replied"),
    ],
)
def test_automatic_answers_are_set_aside(headers: list[str], kind: str) -> None:
    """R-NT-07: RFC 3834 and what programs write instead."""
    assert told(letter("I am away", *headers)).kind == kind


def test_our_own_mail_that_comes_back_is_set_aside() -> None:
    """R-NT-07: forwarded by a customer's mailbox, or sent to ourselves."""
    back = letter("x").replace(b"<1@example.org>", f"<{OURS}>".encode())
    assert told(back).kind == "own"
    assert told(letter("x", sender="service@example.com")).kind == "own"


def written(domain: str) -> bytes:
    """Return an acceptance notice as a house sends it."""
    message = Message(
        derived_id("a notice"),
        "service@other.example",
        "受理 XR20261123001",
        "已受理",
        Sender("客服", f"service@{domain}"),
        "zh-CN",
    )
    mail = Writer(f"service@{domain}", lambda: datetime(2026, 11, 23, 2, 0, tzinfo=UTC)).mail(
        Outbound(message, "accepted", "customer", 1, "XR20261123001")
    )
    assert isinstance(mail, bytes)
    return mail


def test_what_the_transport_writes_is_known_as_ours_and_its_number_is_found() -> None:
    """ADR 0040: transport and channel agree on the form of a Message-ID."""
    mail = written("example.com")
    assert told(mail).kind == "own"
    message_id = mail.partition(b"Message-ID: <")[2].partition(b">")[0].decode()
    bounced = told(report("failed", "5.1.1", "user unknown", message_id))
    assert bounced.reports == (DeliveryReport(message_id=message_id, state="bounced", reason="5.1.1"),)
    thread = contact(letter("谢谢", f"In-Reply-To: <{message_id}>", "Subject: x")).thread
    assert thread is not None
    assert thread.numbers == ("XR20261123001",)


def test_two_houses_that_write_to_each_other_fall_silent_at_once() -> None:
    """R-NT-07: the notice of one is a contact of the other, which no machine answers."""
    found = contact(written("other.example"))
    assert found.details["auto_submitted"] == "auto-generated"
