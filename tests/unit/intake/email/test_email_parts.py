"""Attachments are found, named safely and cut out; what is read stays (R-IN-02)."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.plugins.email import take_apart
from services.intake.plugins.email.names import safe_name
from tests.unit.intake.email.mails import contact

MIXED = b"""From: a@b.example
Content-Type: multipart/mixed; boundary="o"

--o
Content-Type: multipart/related; boundary="r"

--r
Content-Type: multipart/alternative; boundary="a"

--a
Content-Type: text/plain; charset=utf-8

plain words
--a
Content-Type: text/html; charset=utf-8

<p>plain <b>words</b><img src="cid:logo"></p>
--a--
--r
Content-Type: image/png
Content-ID: <logo>
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--r--
--o
Content-Type: application/pdf; name="=?gb2312?B?t6LGsQ==?=.pdf"
Content-Transfer-Encoding: base64

JVBERi0xLjQ=
--o
Content-Type: application/octet-stream
Content-Disposition: attachment;
 filename*0*=gb18030''%B7%A2%C6%B1;
 filename*1=".xls"

abc
--o
Content-Type: message/rfc822

Subject: =?utf-8?q?=E6=97=A7?=
Content-Type: multipart/mixed; boundary="n"

--n

inner words
--n
Content-Type: application/zip; name=a.zip

PK
--n--
--o
Content-Type: application/ms-tnef; name="winmail.dat"

TNEF
--o--
"""


def test_every_attachment_is_a_part_with_its_content() -> None:
    """R-IN-02: pictures within the text, names in any encoding, nested messages as a whole, TNEF."""
    taken = take_apart(MIXED)
    assert [(part.number, part.name, part.media_type, part.inline) for part in taken.parts] == [
        ("1.2", "part-1.2.png", "image/png", True),
        ("2", "发票.pdf", "application/pdf", False),
        ("3", "发票.xls", "application/octet-stream", False),
        ("4", "旧.eml", "message/rfc822", False),
        ("5", "winmail.dat", "application/ms-tnef", False),
    ]
    assert taken.parts[0].content == b"\x89PNG\r\n\x1a\n"
    assert taken.parts[1].content == b"%PDF-1.4"
    assert b"PK" in taken.parts[3].content
    for gone in (b"iVBOR", b"JVBER", b"abc", b"PK", b"TNEF"):
        assert gone not in taken.raw
    for kept in (b"plain words", b"inner words", b"winmail.dat"):
        assert kept in taken.raw


def test_the_contact_names_its_attachments_with_the_references_of_the_store() -> None:
    """R-IN-02: what was stored, what was refused and why, and what nobody stored."""
    references = [
        {
            "part": "2",
            "kind": "document",
            "name": "发票.pdf",
            "media_type": "application/pdf",
            "sha256": "ab",
            "uri": "att://ab",
        },
        {"part": "3", "name": "发票.xls", "refused": "the type is not accepted"},
    ]
    found = contact(MIXED, attachments=references)
    kept = {one.name: one.model_dump() for one in found.attachments}
    assert kept["发票.pdf"]["uri"] == "att://ab"
    assert kept["发票.xls"]["refused"] == "the type is not accepted"
    assert kept["winmail.dat"]["stored"] is False
    assert kept["part-1.2.png"]["kind"] == "image"
    assert found.text == "plain words"


@pytest.mark.parametrize(
    ("written", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\evil.exe", "evil.exe"),
        ("a\x00b\r\nX-Evil: 1.txt", "ab X-Evil_ 1.txt"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("CON", "_CON"),
        ("com1.txt", "_com1.txt"),
        ("...", "part-1.pdf"),
        ("", "part-1.pdf"),
        (" .hidden. ", "hidden"),
        ("发票 2026.pdf", "发票 2026.pdf"),
        ('a<b>:"c|d?e*.txt', "a_b___c_d_e_.txt"),
    ],
)
def test_names_are_made_safe(written: str, safe: str) -> None:
    """R-IN-02: paths, control characters, turned directions, names that Windows reserves, nothing at all."""
    assert safe_name(written, "application/pdf") == safe


@given(st.text(max_size=400))
def test_a_safe_name_can_be_written_anywhere(written: str) -> None:
    """R-IN-02: as long as its author likes, in any script."""
    name = safe_name(written, "image/png")
    assert 0 < len(name) <= 120
    assert len(name.encode("utf-8")) <= 200
    assert name == name.strip(" .")
    assert name not in {"", ".", ".."}
    assert safe_name(name, "image/png") == name


def test_a_very_long_name_keeps_its_ending() -> None:
    """R-IN-02: cut in the middle of no character."""
    name = safe_name("空" * 500 + ".pdf", "application/pdf")
    assert name.endswith("空.pdf")


def test_a_mail_that_is_nothing_but_a_file() -> None:
    """R-IN-02: without any text."""
    mail = (
        b"From: a@b.example\nContent-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\n"
        + base64.b64encode(b"%PDF")
    )
    taken = take_apart(mail)
    assert taken.parts[0].content == b"%PDF"
    assert taken.raw.endswith(b"\n\n")
