"""A mail is never read as mojibake, whatever charset it says it is in (R-IN-02)."""

import base64

import pytest

from services.intake.plugins.email.charsets import codec_named, text_of
from tests.unit.intake.email.mails import contact, letter

SIMPLIFIED = "您好，我上周购买的空调不制冷，要求换货，请尽快处理。谢谢！王芳"
TRADITIONAL = "您好，我上週購買的冷氣不冷，要求換貨，請盡快處理。謝謝！"
JAPANESE = "お世話になっております。先週購入したエアコンが冷えません。"
RARE = "您好，我是李镕基，住朱镕路，喆先生的邻居，请回复"
"""Characters that GB2312 does not have, and that nobody misses who declares it."""
WRONG = [
    "",
    "us-ascii",
    "iso-8859-1",
    "windows-1252",
    "utf-8",
    "big5",
    "x-unknown",
    "unknown-8bit",
    "gb2312",
    "GBK",
    "x-gbk",
]


@pytest.mark.parametrize("declared", WRONG)
@pytest.mark.parametrize("codec", ["gb18030", "utf-8"])
def test_simplified_chinese_is_read_whatever_it_is_declared_as(codec: str, declared: str) -> None:
    """R-IN-02: GB2312 that means GBK or GB18030, UTF-8 declared as Latin-1, unknown names, no name."""
    assert text_of(SIMPLIFIED.encode(codec), declared) == SIMPLIFIED
    assert text_of(RARE.encode(codec), declared) == RARE


@pytest.mark.parametrize("declared", WRONG)
def test_traditional_chinese_is_read_whatever_it_is_declared_as(declared: str) -> None:
    """R-IN-02: Big5 declared as nothing, as Latin-1 or as GB2312."""
    assert text_of(TRADITIONAL.encode("big5"), declared) == TRADITIONAL


@pytest.mark.parametrize(
    ("codec", "declared"),
    [
        ("iso2022_jp", ""),
        ("iso2022_jp", "us-ascii"),
        ("cp932", "x-sjis"),
        ("cp932", ""),
        ("euc_jp", ""),
        ("hz", "hz-gb-2312"),
    ],
)
def test_other_encodings_of_the_neighbours_are_read(codec: str, declared: str) -> None:
    """R-IN-02: escapes of ISO-2022-JP and HZ, Japanese without a charset."""
    said = SIMPLIFIED if codec == "hz" else JAPANESE
    assert text_of(said.encode(codec), declared) == said


@pytest.mark.parametrize("said", ["café au lait", "Müller & Söhne", "Très déçu, à bientôt, François", "5 € für dich"])
@pytest.mark.parametrize("declared", ["iso-8859-1", "windows-1252", "us-ascii", ""])
def test_western_letters_stay_western(said: str, declared: str) -> None:
    """R-IN-02: a few accents are no Chinese, whether as Windows-1252 or as UTF-8."""
    assert text_of(said.encode("utf-8"), declared) == said
    assert text_of(said.encode("cp1252"), declared) == said


@pytest.mark.parametrize(
    "said", ["王芳", "张伟", "您好", "空调坏了", "退货 refund please for order 12", "问一下iPhone的A款"]
)
@pytest.mark.parametrize("declared", ["", "gb2312", "utf-8", "x-unknown"])
def test_few_characters_are_enough(said: str, declared: str) -> None:
    """R-IN-02: a name or a subject in raw bytes is short, and is read all the same."""
    assert text_of(said.encode("gbk"), declared) == said
    assert text_of(said.encode("utf-8"), declared) == said


@pytest.mark.parametrize(
    ("declared", "codec"),
    [("x-gbk", "gb18030"), ("cp936", "gb18030"), ('"GB2312"', "gb18030"), ("ks_c_5601-1987", "cp949"), ("base64", ""), ("", ""),
     ("rot13", ""), ("undefined", ""), ("iso-8859-1", "cp1252"), ("BIG5", "big5hkscs"), ("utf8", "utf_8")],
)  # fmt: skip
def test_names_of_charsets_stand_for_what_is_meant(declared: str, codec: str) -> None:
    """R-IN-02: the larger charset that contains the declared one; codecs of Python that are no charsets do not count."""
    assert codec_named(declared) == codec


def test_a_character_that_was_cut_in_two_does_not_change_the_charset() -> None:
    """R-IN-02: a text that was too long ends in the middle of a character."""
    assert text_of(SIMPLIFIED.encode()[:-1]).startswith(SIMPLIFIED[:-1])


def test_header_words_in_mixed_charsets_and_raw_bytes() -> None:
    """R-IN-02: encoded words of two charsets, one cut within a character, raw GBK in the sender's name."""
    gbk = base64.b64encode("退款".encode("gbk")).decode()
    first, second = (base64.b64encode(part).decode() for part in ("订单问题".encode()[:7], "订单问题".encode()[7:]))
    subject = f"Subject: =?gb2312?B?{gbk}?= =?utf-8?B?{first}?=\r\n =?utf-8?b?{second}?= ok"
    mail = letter("x", subject).replace(b"Wang Fang", "王芳".encode("gbk"))
    found = contact(mail)
    assert found.details["subject"] == "退款订单问题 ok"
    assert found.customer.name == "王芳"


@pytest.mark.parametrize("charset", ["GB2312", "gbk", "x-gbk", "iso-8859-1", "x-nobody"])
def test_bodies_in_gbk(charset: str) -> None:
    """R-IN-02: the whole way, base64 with foreign characters and a missing end included."""
    body = base64.b64encode(SIMPLIFIED.encode("gb18030")).decode().rstrip("=")
    mail = letter(
        f"{body[:20]}\r\n!{body[20:]}",
        f"Content-Type: text/plain; charset={charset}",
        "Content-Transfer-Encoding: base64",
    )
    assert contact(mail).text == SIMPLIFIED
