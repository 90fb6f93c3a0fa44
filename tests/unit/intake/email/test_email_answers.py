"""Of an answer only the customer's own new words are classified; the whole is kept (R-RT-01, R-IN-02)."""

import pytest

from services.intake.plugins.email.quotes import own_words
from services.intake.plugins.email.threads import plain_subject
from tests.unit.intake.email.mails import contact, letter

OWN = "您好，空调还是不制冷。\n请换货。"
BEHIND = {
    "QQ": '\n\n\n------------------&nbsp;原始邮件&nbsp;------------------\n发件人: "客服" <service@example.com>;\n'.replace("&nbsp;", " "),
    "QQ with iPhone": "\n\n发自我的iPhone\n\n\n------------------ Original ------------------\nFrom: 客服\nDate: 周五\n\n老文字",
    "163": '\n\n\n\n\n\n在 2026-11-20 10:00:00，"客服" <service@example.com> 写道：\n老文字',
    "163 in English": '\n\nAt 2026-11-20 10:00:00, "客服" <service@example.com> wrote:\n>老文字',
    "网易邮箱大师": "\n\n---- 回复的原邮件 ----\n| 发件人 | 客服<service@example.com> |\n| 日期 | 2026年11月20日 |",
    "Foxmail": "\n\n\n\n王芳\n \n发件人： 客服\n发送时间： 2026-11-20 10:00\n收件人： wang\n主题： 受理通知\n老文字",
    "Outlook": "\n\n________________________________\n发件人: 客服 <service@example.com>\n发送时间: 2026年11月20日 10:00\n收件人: 王芳\n主题: 答复",
    "Outlook in English": "\n\nFrom: Service <service@example.com>\nSent: Friday, November 20, 2026 10:00\nTo: Wang\nSubject: RE: x\n\nold",
    "Outlook in bold": "\n\n*From:* Service <service@example.com>\n*Sent:* Friday\n*To:* Wang\n*Subject:* x\n\nold",
    "Original Message": "\n\n-----Original Message-----\nFrom: Service\nold",
    "Gmail": "\n\n客服 <service@example.com> 于2026年11月20日周五 10:00写道：\n\n> 老文字\n> 更多",
    "Gmail in English": "\n\nOn Fri, Nov 20, 2026 at 10:00 AM Service <\nservice@example.com> wrote:\n\n> old\n>\n> more",
    "iPhone": "\n\n发自我的 iPhone\n\n> 在 2026年11月20日，10:00，客服 <service@example.com> 写道：\n>\n> 老文字",
    "iPhone in English": "\n\nSent from my iPhone\n\n> On 20 Nov 2026, at 10:00, Service <service@example.com> wrote:\n> \n> old",
    "Yahoo 奇摩": "\n\n客服 <service@example.com> 於 2026年11月20日 週五 上午10:00 寫道：\n\n老文字",
    "signature": "\n\n-- \n王芳\n某某公司\n电话 0571-1234567",
    "signature below a rule": "\n\n________________\n王芳\n某某公司",
    "lawyers": "\n\n本邮件及其附件含有保密信息，仅限于发送给上面地址中列出的个人或群组。\n禁止任何其他人使用。",
    "Huawei": "\n\n发自我的华为手机",
}  # fmt: skip


@pytest.mark.parametrize("client", BEHIND)
def test_what_a_mail_program_adds_is_no_word_of_the_customer(client: str) -> None:
    """R-RT-01: the marks of Chinese and English programs."""
    words = own_words(OWN + BEHIND[client])
    assert words.own.removesuffix("王芳").strip() == OWN
    assert words.shortened


def test_the_whole_is_kept_beside_the_new_words() -> None:
    """R-IN-02: nothing that the customer sent is lost."""
    found = contact(letter(OWN + BEHIND["Gmail"], "Subject: Re: =?utf-8?B?5Zue5aSN77ya?= XR20261120001"))
    assert found.text == OWN
    assert "> 更多" in found.details["mail"]["text"]
    assert found.details["subject"] == "XR20261120001"


@pytest.mark.parametrize(
    "text",
    [
        "在下单时我在网站上写道：请送到三楼。但没送到。",
        "Hello\nFrom: the very beginning it was broken\nbye",
        "我从网上买的，来自杭州的客服说没问题\n来自杭州的李先生买的",
        "价格比较:\n---\n甲 100\n乙 200\n" + "丙" * 100,
    ],
)
def test_words_that_look_like_marks_stay(text: str) -> None:
    """R-RT-01: a customer's own words are never cut."""
    assert own_words(text).own == text


def test_answers_between_the_quotations_and_below_them_count() -> None:
    """R-RT-01: some write below what they quote."""
    text = "On Fri, Nov 20, 2026 at 10:00 AM Service <s@example.com> wrote:\n> Which order?\n4711\n> Which product?\nThe fan."
    assert own_words(text).own == "4711\nThe fan."


@pytest.mark.parametrize(
    "text", ["> nur\n> zitiert", "-----Original Message-----\nFrom: x\nTo: y\n\nbroken fan", "发自我的iPhone"]
)
def test_a_mail_without_new_words_is_taken_as_it_is(text: str) -> None:
    """R-IN-02: what is only passed on says what it says."""
    assert own_words(text).own == text


def test_an_empty_mail_says_its_subject_or_what_came_with_it() -> None:
    """R-IN-02: a contact has a text."""
    assert contact(letter("", "Subject: 空调坏了")).text == "空调坏了"
    picture = letter("x", 'Content-Type: image/jpeg; name="坏了.jpg"')
    assert contact(picture).text == "（附件：坏了.jpg）"
    assert contact(letter("")).text == "（空邮件）"


def test_a_long_mail_is_cut_and_kept() -> None:
    """R-IN-02: a contact has at most 10,000 characters of text."""
    found = contact(letter("长" * 30_000, "Content-Type: text/plain; charset=utf-8"))
    assert len(found.text) == 10_000
    assert len(found.details["mail"]["text"]) == 30_000


@pytest.mark.parametrize(
    "prefix",
    ["Re: ", "RE：", "回复：", "答复: ", "转发:", "Fwd: ", "Re[2]: ", "回复: Re: 答复：", "AW: ", "回覆: ", "轉寄: "],
)
def test_prefixes_are_no_part_of_the_subject(prefix: str) -> None:
    """R-RT-01: the subject is read by the classifier."""
    assert plain_subject(f"{prefix}空调") == "空调"
