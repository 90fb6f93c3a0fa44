"""Whatever bytes arrive as a mail, a contact comes of them that can be stored, and nothing is raised (R-IN-01, R-IN-08)."""

import base64
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.intake.plugins.email import RAW_LIMIT, mail_id, take_apart
from services.intake.plugins.email.glance import glance
from services.intake.ports import Aside, Unreadable
from shared.events import Contact
from shared.events.storable import storable
from tests.unit.intake.email.mails import CHANNEL, contact, corpus, raw_form, read

PIECES = st.sampled_from(
    [
        b"From: ", b"Subject: ", b"Date: ", b"Content-Type: ", b"Content-Transfer-Encoding: ", b"Content-Disposition: attachment; ",
        b"multipart/mixed; boundary=", b"multipart/alternative; boundary=x", b"message/rfc822", b"text/html; charset=", b"gb2312",
        b"base64", b"quoted-printable", b"x-uuencode", b"filename*0*=utf-8''%e4", b'filename="', b"name==?gbk?b?1tC5+g==?=", b"\r\n",
        b"\n", b"\n\n", b"\r", b"--x", b"--x--", b"=?gbk?b?zA==?=", b"=?utf-8?q?=E4?=", b"\x00", b"\xff\xfe", b"<a@b.c>", b"<", b">", b'"',
        b"(", b";", b"begin 644 a\n", b"<p style='display:none'>", b"<blockquote>", b"</p>", b"\x1b$B", b"=", b"~{", "原始邮件".encode("gbk"),
        "发件人：".encode(), b"> ", b"On a wrote:\n", b"-- \n", b"Re: ", b"Message-ID: <", b"In-Reply-To: ",
    ]
)  # fmt: skip
MAILS = st.one_of(
    st.binary(max_size=400),
    st.lists(st.one_of(PIECES, st.binary(max_size=12)), max_size=60).map(b"".join),
    st.builds(
        lambda mail, at, junk: mail[:at] + junk + mail[at + len(junk) :],
        st.sampled_from([path.read_bytes() for path in corpus("cpython")]),
        st.integers(0, 3000),
        st.binary(max_size=30),
    ),
)


@given(MAILS)
def test_any_bytes_are_a_contact(mail: bytes) -> None:
    """R-IN-01: a text, a moment, attachments with safe names; the same whether cut or whole, and cutting twice is cutting once."""
    taken = take_apart(mail)
    assert take_apart(taken.raw).raw == taken.raw
    assert mail_id(mail) == mail_id(taken.raw)
    assert len(glance(taken.raw)) <= 1_000
    if not mail:
        return
    whole = CHANNEL.read(raw_form(mail) | {"raw": base64.b64encode(mail).decode()})
    assert read(mail) == whole
    if isinstance(whole, Aside):
        return
    assert isinstance(whole, Contact)
    kept = whole.model_dump(mode="json")
    assert storable(kept) == kept
    for one in whole.attachments:
        assert not set(one.name) & set('/\\\0\r\n:*?"<>|')


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=20), lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.sampled_from(["part", "name", "kind", "media_type", "sha256"]), inner, max_size=4), max_leaves=8),
       st.sampled_from(["attachments", "received_at", "mailbox", "envelope_from", "raw"]))  # fmt: skip
def test_any_json_beside_the_mail_is_read_or_refused(value: Any, name: str) -> None:
    """R-IN-08: what makes no sense is a fault with its field, or is passed over."""
    reading = CHANNEL.read(raw_form(b"From: a@b.example\n\nhello") | {name: value})
    assert isinstance(reading, Contact | Unreadable | Aside)
    if isinstance(reading, Unreadable):
        assert reading.faults


def test_what_is_required_is_named() -> None:
    """R-IN-08: both faults at once."""
    reading = CHANNEL.read({"raw": "no base64!", "received_at": "yesterday"})
    assert isinstance(reading, Unreadable)
    assert [fault.field for fault in reading.faults] == ["raw", "received_at"]


def test_the_generic_form_is_read_as_before() -> None:
    """Contract: an adapter of somebody else may write the generic form."""
    reading = CHANNEL.read({"occurred_at": "2026-11-23T10:15:00+08:00", "text": "空调坏了"})
    assert isinstance(reading, Contact)
    assert reading.text == "空调坏了"


def test_a_deep_tree_and_a_broad_one_are_read() -> None:
    """R-IN-08: what is nested without end becomes an attachment, what has parts without number ends somewhere."""
    deep = (
        b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (i, i) for i in range(2000)) + b"\nhello"
    )
    assert contact(deep).attachments == ()
    rfc822 = b"Content-Type: message/rfc822\n\n" * 2000 + b"\nhello"
    assert len(contact(rfc822).attachments) == 1
    part = b"--x\nContent-Type: application/pdf\n\nabc\n"
    broad = b'Content-Type: multipart/mixed; boundary="x"\n\n--x\n\nhello\n' + part * 2000 + b"--x--\n"
    taken = take_apart(broad)
    assert taken.parts[-1].name == "mail.eml"
    assert contact(broad).text == "hello"


def test_a_mail_that_is_too_large_without_its_attachments_is_cut_and_is_one_itself() -> None:
    """Raw form: at most 900 kB on the bus, and nothing is lost."""
    huge = b"".join(b"X-Line-%d: %s\n" % (i, b"x" * 500) for i in range(2000)) + b"From: a@b.example\n\nhello"
    taken = take_apart(huge)
    assert len(taken.raw) <= RAW_LIMIT
    assert [part.content for part in taken.parts] == [huge]
    text = b"From: a@b.example\n\n" + b"line of text\n" * 50_000
    taken = take_apart(text)
    assert len(taken.raw) < 200_000
    assert taken.parts[0].content == text.partition(b"\n\n")[2]
