"""The mails of public test suites are read, every one of them, and the interesting ones as a person would (R-IN-01)."""

import base64
from datetime import datetime
from pathlib import Path

import pytest

from services.intake.plugins.email import mail_id, take_apart
from shared.events import Contact
from tests.unit.intake.email.mails import CHANNEL, CORPORA, RECEIVED, contact, corpus, raw_form, read

MAILS = [
    path
    for name in ("cpython", "mikel_mail", "talon")
    for path in corpus(name)
    if path.suffix != ".txt" or name == "cpython"
]
EXPECTED = {
    "cpython/msg_06.txt": ("barry@python.org", "forwarded message from Barry A. Warsaw", ["testing.eml"]),
    "cpython/msg_10.txt": ("barry@python.org", "This is a 7bit encoded message.", []),
    "cpython/msg_13.txt": ("barry@digicool.com", "Hi there,\n\nThis is the dingus fish.", ["dingusfish.gif"]),
    "cpython/msg_35.txt": ("aperson@dom.ain", "counter to RFC 2822, there's no separating newline here", []),
    "cpython/msg_45.txt": ("foo@bar.baz", "This is the signed contents.", ["signature.asc"]),
    "mikel_mail/japanese.eml": ("raasdnil@gmail.com", "かきくえこ", []),
    "mikel_mail/japanese_iso_2022.eml": ("raasdnil@gmail.com", "すみません。", []),
    "mikel_mail/japanese_shift_jis.eml": ("xxxxxxx@docomo.ne.jp", "このメールはテスト用のメールです。", []),
    "mikel_mail/japanese_attachment.eml": ("raasdnil@gmail.com", "testing", ["てすと.txt"]),
    "mikel_mail/ks_c_5601-1987.eml": ("from@example.com", "스티해", []),
    "mikel_mail/raw_email.eml": ("jamis@37signals.com", "우리는 하나님을 믿습니다", []),
    "mikel_mail/attachment_nonascii_filename.eml": ("foo@example.com", "This is the first part.", ["ciële.txt"]),
    "mikel_mail/attachment_with_base64_encoded_name.eml": ("xxxxxxxxx.xxxxxxx@gmail.com", "", ["This is a test.pdf"]),
    "mikel_mail/content_transfer_encoding_x_uuencode.eml": ("lpeters@PACIFIER.COM", "", ["PGP_Cmts_on_12-14-01_Pkg.doc"]),
    "mikel_mail/email_with_similar_boundaries.eml": ("xxxxxx@xxxxxxxx.xxx", "Test", ["LOGO.png"]),
    "mikel_mail/invalid_subject_characters.eml": ("info@formacaofrenetik.info", "TEST", []),
    "mikel_mail/raw_email_incorrect_header.eml": ("xxx@xxx.xxx", "You are infected with:", []),
    "mikel_mail/example10.eml": ("pete@silly.test", "Testing.", []),
    "mikel_mail/example13.eml": ("jdoe@machine.example", "This is a message just to say hello.", []),
    "mikel_mail/utf8_headers.eml": ("jdöe@mächine.example", "body", []),
}  # fmt: skip
SUBJECTS = {
    "mikel_mail/invalid_subject_characters.eml": "Formação FrenetikPolis: Mega Campanha Final Verão | Cursos de Setembro",
    "mikel_mail/example14.eml": "TEST テストテスト",
    "mikel_mail/raw_email_with_partially_quoted_subject.eml": 'Test: "漢字" mid "漢字" tail',
}


def name_of(path: Path) -> str:
    return str(path.relative_to(CORPORA))


@pytest.mark.parametrize("path", MAILS, ids=name_of)
def test_every_mail_of_the_corpora_is_read_the_same_cut_and_whole(path: Path) -> None:
    """R-IN-01, R-IN-06: nothing is raised, and neither contact nor id depends on whether its attachments were cut out."""
    mail = path.read_bytes()
    whole = raw_form(mail) | {"raw": base64.b64encode(mail).decode()}
    assert CHANNEL.read(whole) == read(mail)
    assert mail_id(mail) == mail_id(take_apart(mail).raw)
    assert mail_id(mail).isascii()


@pytest.mark.parametrize("name", EXPECTED)
def test_interesting_mails_say_what_a_person_reads(name: str) -> None:
    """R-IN-02: sender, words and names of attachments, through all encodings."""
    address, words, names = EXPECTED[name]
    found = contact((CORPORA / name).read_bytes())
    assert found.customer.email == address
    assert words in found.text
    assert [one.name for one in found.attachments] == names


@pytest.mark.parametrize("name", SUBJECTS)
def test_subjects_are_decoded(name: str) -> None:
    """R-IN-02: raw bytes, encoded words of several charsets, and both in one field."""
    assert contact((CORPORA / name).read_bytes()).details["subject"] == SUBJECTS[name]


@pytest.mark.parametrize("path", corpus("talon"), ids=name_of)
def test_of_an_answer_only_the_new_words_count(path: Path) -> None:
    """R-RT-01: eleven mail programs quote the mail they answer, each in its own way; all of it is kept beside."""
    found = contact(path.read_bytes())
    assert found.text == "Hello"
    assert len(found.details["mail"]["text"]) > len("Hello")


def test_a_date_that_no_clock_shows_gives_way_to_the_time_of_receipt() -> None:
    """R-IN-02: dates of years ago and dates that cannot be read."""
    for name in ("raw_email_string_in_date_field", "raw_email_with_bad_date", "bad_date_header"):
        found = read((CORPORA / "mikel_mail" / f"{name}.eml").read_bytes())
        assert isinstance(found, Contact)
        assert found.occurred_at == datetime.fromisoformat(RECEIVED)
