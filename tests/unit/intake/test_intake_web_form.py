"""What a form of the website may hold: files as they are, and nothing that keeps the gateway busy."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from services.intake.adapters.web_form.contact import contact_of
from services.intake.adapters.web_form.pages import refusal_page
from services.intake.adapters.web_form.parsing import MULTIPART, URLENCODED, Posted, read_posted
from shared.adapters import HttpProblem
from shared.events import Fault

BOUNDARY = "----WebKitFormBoundaryAbC"
MAIL = b"From: a@example.com\r\nSubject: x\r\n\r\nhello\r\n"
PAGE = b'Content-Type: multipart/related; boundary="q"\r\n\r\n--q\r\n\r\nhi\r\n--q--\r\n'


async def posted(body: bytes, content_type: str = f"{MULTIPART}; boundary={BOUNDARY}") -> Posted:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-type", content_type.encode())]
    return await read_posted(Request({"type": "http", "method": "POST", "headers": headers}, receive))


def part(disposition: str, content: bytes, **headers: str) -> bytes:
    told = {"content-disposition": f"form-data; {disposition}"} | {k.replace("_", "-"): v for k, v in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items()).encode()
    return b"--" + BOUNDARY.encode() + b"\r\n" + head + b"\r\n" + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--" + BOUNDARY.encode() + b"--\r\n"


async def outcome(body: bytes, content_type: str = f"{MULTIPART}; boundary={BOUNDARY}") -> int | None:
    """Return the status with which `body` is refused; None where it is taken."""
    try:
        await posted(body, content_type)
    except HttpProblem as problem:
        return problem.status
    return None


@pytest.mark.parametrize(
    ("name", "media_type", "content"),
    [
        ("投诉.eml", "message/rfc822", MAIL),
        ("page.mht", "multipart/related", PAGE),
        ("page.mht", "multipart/related; boundary=q", PAGE),
        ("notes.txt", "text/plain; charset=x-none", "第一行\r第二行\n".encode()),
        ("屏 幕.png", "image/png", bytes(range(256)) * 3 + b"\r\n--\r\n\r"),
        ("empty.txt", "text/plain", b""),
    ],
)
async def test_a_file_arrives_as_it_was_chosen_whatever_it_holds(name: str, media_type: str, content: bytes) -> None:
    body = form(
        part('name="text"', "第一行\r\n第二行".encode()),
        part(f'name="f"; filename="{name}"', content, content_type=media_type),
    )
    given = await posted(body)
    assert given.fields == {"text": "第一行\r\n第二行"}
    (file,) = given.files
    assert (file.name, file.media_type, file.content) == (name, media_type.partition(";")[0], content)


@given(st.binary(max_size=200), st.binary(max_size=200))
async def test_any_bytes_are_read_back_or_refused_and_never_a_fault(content: bytes, wild: bytes) -> None:
    given = await posted(form(part('name="f"; filename="a.bin"', content)))
    assert [file.content for file in given.files] == [content]
    for body in (wild, form(b"--" + BOUNDARY.encode() + b"\r\n" + wild + b"\r\n\r\nx\r\n")):
        assert await outcome(body) in {None, 400}


@pytest.mark.parametrize(
    "disposition",
    ["name=\"f\"; filename*=UTF-8''%E5%B1%8F.png", "name=f; filename=屏.png", 'filename="屏.png"; NAME="f"'],
)
async def test_names_of_files_are_read_as_browsers_and_programs_write_them(disposition: str) -> None:
    (file,) = (await posted(form(part(disposition, b"x")))).files
    assert file.name == "屏.png"


async def test_a_field_for_a_file_that_was_left_empty_is_none() -> None:
    given = await posted(form(part('name="f"; filename=""', b"", content_type="application/octet-stream")))
    assert given == Posted({})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no form at all",
        form(part('name="a"', b"1"))[:-12],  # cut off before its end
        form(part('filename="x"', b"1")),
        form(*[part('name="a"', b"1")] * 101),
        form(part('name="a"', b"\xff")),
        form(part('name="a"', b"1", x_long="y" * 20_000)),
        form(part(f'name="a"; filename*{"1" * 5_000}*="x"', b"1")),
    ],
)
async def test_what_is_no_form_is_refused(body: bytes) -> None:
    assert await outcome(body) == 400


async def test_a_form_without_a_boundary_is_refused() -> None:
    for content_type in (MULTIPART, f"{MULTIPART}; boundary=", f"{MULTIPART}; boundary={'x' * 71}"):
        assert await outcome(form(part('name="a"', b"1")), content_type) == 400


def _hostile() -> Mapping[str, tuple[str, bytes]]:
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(200))
    opened = part('name="a"', b"").removesuffix(b"\r\n\r\n") + b"\r\n"
    return {
        "nested": (f"{MULTIPART}; boundary={BOUNDARY}", form(opened + nested + b"\n" * 1_000_000 + b"\r\n")),
        "lines": (f"{MULTIPART}; boundary={BOUNDARY}", form(part('name="a"', b"\n" * 8_000_000))),
        "boundaries": (f"{MULTIPART}; boundary=x", b"\r\n--x" * 2_000_000),
        "percent": (URLENCODED, b"text=" + b"%E4%BD" * 4_000_000),
        "pluses": (URLENCODED, b"&" * 24_000_000),
        "json": ("application/json", b"[" * 24_000_000),
    }


@pytest.mark.parametrize("kind", sorted(_hostile()))
async def test_nothing_that_anybody_may_post_keeps_the_gateway_busy(kind: str) -> None:
    content_type, body = _hostile()[kind]
    begun = time.process_time()
    assert await outcome(body, content_type) in {None, 400, 413}
    assert time.process_time() - begun < 1.0, "seconds of this process's work, whatever else the machine does"


AT = datetime(2026, 11, 23, 2, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "details"),
    [
        ({"text": "空调不制冷", "message": "周末在家"}, {"message": "周末在家"}),
        ({"message": "空调不制冷", "content": "周末在家"}, {"content": "周末在家"}),
        ({"text": "空调不制冷", "details": "周末在家"}, {"details": "周末在家"}),
        ({"text": "空调不制冷", "customer": "王芳"}, {"customer": "王芳"}),
        ({"text": "空调不制冷", "details": {"order_no": "1"}, "colour": "白"}, {"order_no": "1", "colour": "白"}),
    ],
)
def test_nothing_that_a_customer_wrote_is_dropped(fields: Mapping[str, Any], details: Mapping[str, Any]) -> None:
    told = contact_of(fields, AT, ())
    assert (told["text"], told["details"]) == ("空调不制冷", details)


@pytest.mark.parametrize("blank", ["", " ", "\u3000\r\n", None])
def test_a_form_in_which_nothing_is_said_is_refused(blank: str | None) -> None:
    with pytest.raises(HttpProblem) as refused:
        contact_of({"text": blank, "name": "王芳"}, AT, ())
    assert [fault.field for fault in refused.value.faults] == ["text"]
    assert contact_of({"text": blank, "message": "空调不制冷"}, AT, ())["text"] == "空调不制冷"


@pytest.mark.parametrize(
    ("status", "words"), [(422, "text"), (400, "重新填写"), (413, "太大"), (429, "稍后"), (503, "稍后"), (500, "稍后")]
)
def test_who_posted_a_form_from_a_page_is_told_in_words_what_to_do(status: int, words: str) -> None:
    faults = [Fault("text", "Field required")] if status == 422 else []
    page = refusal_page(HttpProblem(status, "kind", "Title", faults=faults))
    assert words in page
    assert "没有提交" in page
    assert "<b>" not in refusal_page(HttpProblem(422, "invalid", "Title", faults=[Fault("<b>", "x")]))


def test_nobody_makes_themselves_a_vip_over_the_internet() -> None:
    """R-IN-11: a tier is raised for ever, and work orders of a high one come first: the house says who has one."""
    customer = {
        "name": "王芳",
        "tier": "vip",
        "provenance": {"phone": "volunteered"},
        "preferences": {"channel": "sms"},
    }
    told = contact_of({"text": "空调不制冷", "tier": "vip", "customer": customer}, AT, ())
    assert told["customer"] == {"name": "王芳", "preferences": {"channel": "sms"}}
    assert told["details"]["tier"] == "vip", "it is kept as what it is: something that somebody wrote"


@pytest.mark.parametrize("field", ["name", "address", "locale", "topic", "colour"])
def test_no_field_but_the_text_is_longer_than_its_description_says(field: str) -> None:
    contact_of({"text": "字" * 10_000, field: "字" * 2_000}, AT, ())
    with pytest.raises(HttpProblem) as refused:
        contact_of({"text": "空调不制冷", field: "字" * 2_001}, AT, ())
    assert [fault.field.rpartition(".")[2] for fault in refused.value.faults] == [field]
