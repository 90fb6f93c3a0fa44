"""Whose contact a mail is: forged, repeated and broken headers included (R-IN-03, R-IN-04)."""

import pytest

from services.intake.plugins.email.people import mailboxes
from tests.unit.intake.email.mails import contact, letter


@pytest.mark.parametrize(
    ("written", "name", "address"),
    [
        ("Wang Fang <wang@example.org>", "Wang Fang", "wang@example.org"),
        ("wang@example.org", None, "wang@example.org"),
        ('"victim@bank.example" <wang@example.org>', None, "wang@example.org"),
        ('"Wang, Fang (客服)" <wang@example.org>', "Wang, Fang (客服)", "wang@example.org"),
        ("wang@example.org (Wang Fang)", "Wang Fang", "wang@example.org"),
        ("=?gbk?B?zfW3vA==?= <wang@example.org>", "王芳", "wang@example.org"),
        ('"=?utf-8?B?546L6Iqz?=" <wang@example.org>', "王芳", "wang@example.org"),
        ("'Wang' <WANG@Example.ORG>", "Wang", "WANG@Example.ORG"),
        ("Wang <not an address>", "Wang", None),
        ("undisclosed-recipients:;", None, None),
        ("Group: a@example.org, b@example.org;", None, "a@example.org"),
        ("<@relay.example:wang@example.org>", None, "wang@example.org"),
        ("王芳@例子.公司", None, "王芳@例子.公司"),
        ("Wang\u202eFang <wang@example.org>", "WangFang", "wang@example.org"),
    ],
)
def test_name_and_address_of_the_sender(written: str, name: str | None, address: str | None) -> None:
    """R-IN-04: who gave no name stays anonymous; a name that is an address is none."""
    found = contact(letter("x", sender=written)).customer
    assert (found.name, found.email) == (name, address)


def test_two_senders_identify_nobody() -> None:
    """R-IN-05: a second From must not make a mail that of the first one's customer."""
    found = contact(letter("x", "From: other@example.com"))
    assert found.customer.email is None
    assert found.details["mail"]["doubts"] == ["several_senders"]
    same = contact(letter("x", "From: <wang@example.org>"))
    assert same.customer.email == "wang@example.org"


def test_a_reply_to_is_not_believed() -> None:
    """R-IN-03: answers to a customer go to the customer's address, not to where a forger would like them to go."""
    found = contact(letter("x", "Reply-To: thief@example.net"))
    assert found.customer.email == "wang@example.org"
    assert found.details["mail"]["reply_to"] == "thief@example.net"


@pytest.mark.parametrize(
    "sender", ["service@example.com", "no-reply@forms.example", "noreply+1@forms.example", "broken"]
)
def test_a_form_on_a_website_names_the_customer_in_reply_to(sender: str) -> None:
    """R-IN-01: From is ours or takes no mail."""
    found = contact(letter("x", "Reply-To: Wang Fang <wang@example.org>", sender=sender))
    assert (found.customer.name, found.customer.email) == ("Wang Fang", "wang@example.org")


def test_nothing_in_a_header_begins_another() -> None:
    """Header injection: neither name nor subject nor id carries a line break, encoded or not."""
    evil = "=?utf-8?q?a=0D=0ABcc:_all=40example.org?="
    found = contact(letter("x", f"Subject: {evil}", "In-Reply-To: <a\x0bb@c>", sender=f"{evil} <wang@example.org>"))
    told = [found.customer.name or "", found.details["subject"], *(found.thread.answers if found.thread else ())]
    assert all(text.isprintable() for text in told)
    assert mailboxes(b"a\r\nBcc: x@y.example <b@c.example>")[0].address == "b@c.example"


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("Mon, 23 Nov 2026 10:00:00 +0800", "2026-11-23T02:00:00+00:00"),
        ("Mon, 23 Nov 2026 10:00:00 +0800 (CST)", "2026-11-23T02:00:00+00:00"),
        ("Mon, 23 Nov 2026 18:00:00 +0800", "2026-11-23T02:15:00+00:00"),
        ("Mon, 23 Nov 2020 10:00:00 +0800", "2026-11-23T02:15:00+00:00"),
        ("Mon, 23 Nov 2026 10:00:00", "2026-11-23T02:15:00+00:00"),
        ("yesterday", "2026-11-23T02:15:00+00:00"),
        ("Mon, 99 Nov 99999 99:99:99 +9999", "2026-11-23T02:15:00+00:00"),
        ("Fri, 20 Nov 2026 02:00:00 -0000", "2026-11-23T02:15:00+00:00"),
    ],
)
def test_the_moment_is_that_of_sending_where_it_can_be_believed(date: str, moment: str) -> None:
    """R-IN-02, section 4: the customer waits since then; what lies in the future or years ago is a wrong clock."""
    assert contact(letter("x", f"Date: {date}")).occurred_at.isoformat() == moment


@pytest.mark.parametrize(
    ("text", "locale"),
    [("Hello, my fan is broken", "en"), ("空调 broken", "zh-CN"), ("4711", "zh-CN"), ("ok", "zh-CN")],
)
def test_a_mail_in_english_is_answered_in_english(text: str, locale: str) -> None:
    """R-NT-03: templates in Chinese and English."""
    assert contact(letter(text)).locale == locale
