"""HTML becomes readable text, and what is kept of it is safe to show (R-IN-02)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.plugins.email.html_text import html_to_text, safe_html
from tests.unit.intake.email.mails import contact, letter


def test_html_is_read_as_a_person_sees_it() -> None:
    """R-IN-02: lines, tables, lists, links as text, quotations marked."""
    html = """<html><head><title>no</title><style>p{color:red}</style></head><body>
    <p>您好，<b>空调</b>坏了<br>请换货</p><table><tr><td>订单</td><td>4711</td></tr><tr><td>产品</td><td>空调</td></tr></table>
    <ul><li>一</li><li>二</li></ul><p>见 <a href="https://shop.example/o/1">订单页</a> <a href="https://a.example">https://a.example</a></p>
    <blockquote type="cite"><p>旧文字</p></blockquote><pre>a\n  b</pre></body></html>"""
    assert html_to_text(html).split("\n") == [
        "您好，空调坏了", "请换货", "", "订单 \t4711", "产品 \t空调", "", "- 一", "- 二", "",
        "见 订单页 <https://shop.example/o/1> https://a.example", "", "> 旧文字", ">", "a", "  b",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "hidden",
    [
        '<p style="display:none">{}</p>', '<div style="DISPLAY : NONE !important"><p>{}</p></div>', "<p hidden>{}</p>",
        '<span style="font-size:0px">{}</span>', '<span style="visibility:hidden">{}</span>', '<div style="opacity:0">{}</div>',
        "<script>{}</script>", "<style>{}</style>", "<!-- {} -->", "<noscript>{}</noscript>", "<template>{}</template>",
        '<p style="max-height:0;overflow:hidden">{}</p>', "<title>{}</title>", '<p style="mso-hide:all">{}</p>', "<svg><text>{}</text></svg>",
    ],
)  # fmt: skip
def test_what_nobody_sees_is_not_read(hidden: str) -> None:
    """R-RT-01: text that is hidden from the reader must not decide where a mail goes."""
    html = f"<p>visible</p>{hidden.format('SECRET lawsuit')}<p>too</p>"
    assert html_to_text(html).split() == ["visible", "too"]


def test_what_is_visible_stays() -> None:
    """R-IN-02: sizes and opacities that only begin with a zero."""
    assert html_to_text('<p style="opacity:0.9">a</p><p style="font-size:0.9em">b</p>').split() == ["a", "b"]


HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '<a href="javascript:alert(1)">x</a>', "<svg onload=alert(1)>",
    '<iframe src="https://e.example"></iframe>', '<form action="https://e.example"><input name=p></form>', "<base href=//e.example>",
    '<meta http-equiv=refresh content="0;url=//e.example">', '<link rel=stylesheet href="//e.example">', '<p style="background:url(//e.example)">x',
    '<a href="data:text/html,<script>1</script>">x</a>', "<object data=x></object>", '<math href="javascript:1">x</math>',
    '<img src="https://tracker.example/1.gif">', "<p onclick=alert(1)>x</p>",
]  # fmt: skip


@pytest.mark.parametrize("html", HOSTILE)
def test_what_is_kept_of_html_is_safe(html: str) -> None:
    """Nothing in it is run, sent or fetched when somebody looks at it."""
    kept = safe_html(html).lower()
    for word in (
        "<script",
        "onerror",
        "onload",
        "onclick",
        "javascript:",
        "<iframe",
        "<form",
        "<meta",
        "<link",
        "url(",
        "data:",
        "src=",
    ):
        assert word not in kept


@given(
    st.lists(
        st.sampled_from(
            [*HOSTILE, "<", ">", "<p", "</div>", "<div>", "&lt;script&gt;", "<a href='", "<br>", "x", "<td>"]
        ),
        max_size=12,
    )
)
def test_any_mixture_stays_safe(pieces: list[str]) -> None:
    """Broken tags put together do not make a whole one; text is found in all of it."""
    html = "".join(pieces)
    assert "<script" not in safe_html(html)
    assert safe_html(safe_html(html)) == safe_html(html)
    assert "\0" not in html_to_text(html)


def test_the_plain_version_is_read_unless_it_says_nothing() -> None:
    """R-IN-02: `please use a program that shows HTML` is no contact."""

    def alternative(plain: str) -> bytes:
        return letter(
            f"--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{plain}\r\n--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
            "<p>您好，我上周购买的空调不制冷，要求换货，请尽快处理，谢谢</p>\r\n--x--",
            "Content-Type: multipart/alternative; boundary=x",
        )

    assert contact(alternative("您好，空调不制冷，要求换货")).text == "您好，空调不制冷，要求换货"
    assert contact(alternative("HTML!")).text.startswith("您好，我上周")
    assert contact(alternative("")).details["mail"]["html"].startswith("<p>您好")
