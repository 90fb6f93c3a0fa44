"""Which type a file has is read from its content (R-IN-02); what can run is recognised under any name."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.attachments.content import UNKNOWN, allowed, can_run, media_type_of, plain
from shared.policy.intake import AttachmentRules
from tests.unit.attachments.files import JPEG, OLE, PDF, PNG, zipped

WORD = zipped("[Content_Types].xml", "_rels/.rels", "word/document.xml")
SHEET = zipped("[Content_Types].xml", "xl/workbook.xml")
OPEN_TEXT = "application/vnd.oasis.opendocument.text"

FILES = [
    ("photo.png", "image/png", PNG, "image/png"),
    ("photo.jpg", "application/octet-stream", JPEG, "image/jpeg"),
    ("发票.pdf", "image/png", PDF, "application/pdf"),
    ("发票.docx", "", WORD, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("a.bin", "", SHEET, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("a.odt", "", zipped("content.xml", mimetype=OPEN_TEXT), OPEN_TEXT),
    ("发票.ofd", "", zipped("OFD.xml", "Doc_0/Document.xml"), "application/ofd"),
    ("fotos.zip", "application/x-zip-compressed", zipped("a.jpg"), "application/zip"),
    ("broken.zip", "", b"PK\x03\x04" + bytes(30), "application/zip"),
    ("brief.doc", "", OLE, "application/msword"),
    ("brief", "application/vnd.ms-excel", OLE, "application/vnd.ms-excel"),
    ("brief", "text/plain", OLE, "application/x-ole-storage"),
    ("a.txt", "text/plain; charset=gbk", "空调坏了，请尽快处理".encode("gbk"), "text/plain"),
    ("a.txt", "", "空调坏了".encode("utf-16"), "text/plain"),
    ("a.jpg", "image/jpeg", "这不是图片".encode(), "text/plain"),
    ("BM.txt", "text/plain", "BM说明书\n".encode(), "text/plain"),
    ("orders.csv", "application/vnd.ms-excel", b"a,b\n1,2\n", "text/csv"),
    ("termin.ics", "", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "text/calendar"),
    ("mail.eml", "message/rfc822", b"Subject: hi\r\nFrom: a@example.com\r\n\r\nhi", "message/rfc822"),
    ("mail.eml", "message/rfc822", "不是邮件".encode(), "text/plain"),
    ("brief.rtf", "", b"{\\rtf1 hi}", "application/rtf"),
    ("voice.amr", "audio/amr", b"#!AMR\n" + bytes(40), "audio/amr"),
    ("a.wav", "audio/x-wav", b"RIFF\x24\0\0\0WAVEfmt " + bytes(30), "audio/wav"),
    ("a.mp4", "", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(40), "video/mp4"),
    ("a.rar", "", b"Rar!\x1a\x07\x01\0" + bytes(30), "application/vnd.rar"),
    ("a.7z", "", b"7z\xbc\xaf\x27\x1c" + bytes(30), "application/x-7z-compressed"),
    ("a.gz", "", b"\x1f\x8b\x08\0" + bytes(30), "application/gzip"),
    ("page.txt", "text/plain", b"<!DOCTYPE html><p>hi", "text/html"),
    ("strange", "image/png", bytes(range(7, 200)), UNKNOWN),
]

RUN = [
    ("photo.jpg", b"MZ\x90\x00" + bytes(100)),
    ("photo.jpg", b"\x7fELF\x02\x01\x01" + bytes(60)),
    ("a.class", b"\xca\xfe\xba\xbe" + bytes(8)),
    ("invoice.pdf.exe", PDF),
    ("发票\u202efdp.exe", PDF),
    ("a.BAT ", b"echo hi"),
    ("a.js", b"alert(1)"),
    ("a.txt", b"#!/bin/sh\nrm -rf ~\n"),
    ("a.txt", b"<?php system('id');"),
    ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"),
    ("a.png", b"<?xml version='1.0'?><!-- hi --><svg onload='x'/>"),
    ("a.txt", b"  <html><body>"),
    ("a.docx", zipped("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin")),
    ("a.doc", OLE + "_VBA_PROJECT".encode("utf-16-le")),
    ("a.zip", zipped("META-INF/MANIFEST.MF", "Main.class")),
    ("a.lnk.txt", b"L\x00\x00\x00\x01\x14\x02\x00" + bytes(60)),
]


@pytest.mark.parametrize(("name", "declared", "content", "expected"), FILES, ids=[f"{f[0]}-{f[3]}" for f in FILES])
def test_the_content_shows_the_type(name: str, declared: str, content: bytes, expected: str) -> None:
    assert media_type_of(name, declared, content) == expected


@pytest.mark.parametrize(("name", "content"), RUN, ids=[repr(name) + str(n) for n, (name, _) in enumerate(RUN)])
def test_what_can_run_is_recognised(name: str, content: bytes) -> None:
    assert can_run(name, content)


@pytest.mark.parametrize(("name", "content"), [(f[0], f[2]) for f in FILES if f[3] != "text/html"])
def test_what_cannot_run_is_not_taken_for_it(name: str, content: bytes) -> None:
    assert not can_run(name, content)


def test_a_text_may_begin_with_the_letters_of_a_program() -> None:
    assert not can_run("a.txt", "MZ型空调".encode())


def test_comments_before_a_page_are_passed_over_in_no_time() -> None:
    """R-IN-08: whoever sends a file of comments keeps nobody busy."""
    began = time.process_time()
    assert not can_run("a.txt", b"<!-- a -->" * 5_000 + b"x")
    assert not can_run("a.txt", b"<!---->" + b" " * 60_000 + b"x")
    assert can_run("a.txt", b"<!-- a --> <!-- --x -->\n" * 50 + b"<html>")
    assert can_run("a.txt", b"<!---->--><script>")
    assert time.process_time() - began < 5


@given(st.text(max_size=40), st.text(max_size=40), st.binary(max_size=300))
def test_nothing_that_comes_raises(name: str, declared: str, content: bytes) -> None:
    found = media_type_of(name, declared, content)
    assert found == plain(found)
    assert can_run(name, content) in {True, False}


def test_a_star_stands_for_the_rest_of_a_type() -> None:
    rules = AttachmentRules()
    assert allowed("image/heic", rules.types)
    assert allowed("application/pdf", rules.types)
    assert not allowed("application/pdfx", rules.types)
    assert not allowed("text/html", rules.types)
    assert not allowed(UNKNOWN, rules.types)
