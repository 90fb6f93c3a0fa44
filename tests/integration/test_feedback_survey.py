"""The survey page on a real HTTP server, with real NATS and PostgreSQL behind it (R-FB-01 to R-FB-03)."""

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from pydantic import SecretStr

from shared.events import CallbackCompleted, CallbackScheduled, KnowledgeDrafted, SurveyIssued
from shared.ids import new_id
from shared.settings import Settings
from shared.survey_token import token_of
from shared.web import WebServer
from tests.unit.feedback.bench import Bench, bench
from tests.unit.feedback.builders import Life, local
from tests.web_client import FORM, get, post_form, request

KEY = SecretStr("the key of the house, for these tests only")
HALF_DAYS = ("2026-11-23 10:30", "2026-11-23 14:00", "2026-11-24 09:00")
GOOD = {"solved": "yes", "speed": "yes", "satisfaction": "satisfied", "score": "9", "comment": "", "suggestion": ""}


@dataclass
class House:
    """Feedback with its survey page."""

    desk: Bench
    url: str

    async def survey_of(self, life: Life) -> str:
        """Let three calls find nobody, and return the address of the survey that follows."""
        await self.desk.tell(*life.approved())
        key = await self.desk.callback_of(life.key)
        for at in HALF_DAYS:
            self.desk.service.clock.at = local(at)
            result = await self.desk.done("callback.record", callback_id=key, outcome="no_answer")
        assert result["survey_expires_at"] == "2026-12-01T01:00:00Z"
        (issued,) = [one for one in await self.desk.service.told(SurveyIssued) if one.work_order_id == life.key]
        assert (issued.callback_id, issued.number, issued.cycle) == (key, f"XR20261123{life.key}", 1)
        return f"{self.url}/s/{token_of(issued.survey_id, KEY)}"

    async def answers(self) -> list[CallbackCompleted]:
        """Return the surveys that were answered, as the other services hear of them."""
        return [one for one in await self.desk.service.told(CallbackCompleted) if one.kind == "survey"]


@asynccontextmanager
async def serving(desk: Bench) -> AsyncIterator[str]:
    web = desk.service.parts.web
    assert web is not None
    server = WebServer(web)
    await server.start()
    try:
        yield server.url
    finally:
        await server.stop()


@pytest.fixture
async def house(database_url: str, fresh_nats: str) -> AsyncIterator[House]:
    settings = Settings(survey_key=KEY, survey_url="https://service.example.com")
    async with bench(database_url, fresh_nats, settings) as desk, serving(desk) as url:
        yield House(desk, url)


async def test_a_survey_asks_what_a_call_would_and_its_answer_counts_the_same(house: House) -> None:
    """R-FB-02, R-FB-03: shown as often as one likes, answered once; dissatisfied and low: reopened, supervisor calls."""
    life = Life("w1")
    url = await house.survey_of(life)
    page = await get(url)
    assert page.status == (await get(url)).status == 200
    for asked in ("解决了吗", "处理速度", "总的来说", "打分", "建议"):
        assert asked in page.text
    sent = await post_form(
        url,
        GOOD
        | {
            "solved": "no",
            "satisfaction": "dissatisfied",
            "score": "3",
            "speed": "no",
            "comment": "还是不制冷，打13800138000",
            "suggestion": "快一点",
        },
    )
    assert (sent.status, sent.headers["location"]) == (303, url.rpartition("/")[2])
    (answer,) = await house.answers()
    assert (answer.outcome, answer.solved, answer.score, answer.satisfaction) == ("reached", False, 3, "dissatisfied")
    assert (answer.reopen, answer.second_contact, answer.by, answer.cycle) == (True, True, "customer", 1)
    assert (answer.comment, answer.suggestion, answer.speed_satisfied) == ("还是不制冷，打[电话]", "快一点", False)
    (second,) = [one for one in await house.desk.service.told(CallbackScheduled) if one.kind == "supervisor_contact"]
    assert second.due_at - answer.at == timedelta(hours=48)
    assert {message.trace_id for message in await house.desk.messages()} == {"a" * 32}


async def test_a_survey_is_answered_once(house: House) -> None:
    """R-FB-02: single use, also where two forms come at once; a reload says thanks, a second form changes nothing."""
    url = await house.survey_of(Life("w1"))
    replies = await asyncio.gather(*(post_form(url, GOOD | {"score": str(score)}) for score in range(4, 10)))
    assert sorted(reply.status for reply in replies) == [303, 409, 409, 409, 409, 409]
    assert len(await house.answers()) == 1
    assert "感谢您的回答" in (await get(url)).text
    again = await post_form(url, GOOD)
    assert (again.status, "您已经回答过了" in again.text) == (409, True)
    assert len(await house.answers()) == 1


async def test_nobody_learns_which_links_exist(house: House) -> None:
    """R-FB-02: unguessable, expires in 7 days; invented, sealed with another key, unknown, expired: the same page."""
    url = await house.survey_of(Life("w1"))
    base, _, token = url.rpartition("/")
    house.desk.service.clock.at = local("2026-12-01 08:59")
    assert (await get(url)).status == 200
    house.desk.service.clock.at = local("2026-12-01 09:00")
    flipped = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    others = [
        url,
        f"{base}/{flipped}",
        f"{base}/{token_of(new_id(), KEY)}",
        f"{base}/{token_of(new_id(), SecretStr('k' * 40))}",
        f"{base}/x",
        f"{base}/%00%ff{'y' * 3000}",
        f"{url}/",
        f"{house.url}/",
        f"{house.url}/s/",
        f"{house.url}/metrics",
    ]
    shown = [await get(one) for one in others] + [await post_form(one, GOOD) for one in others[:4]]
    assert {(reply.status, reply.text) for reply in shown} == {(404, shown[0].text)}
    kept = ("content-security-policy", "cache-control", "content-length")
    assert len({tuple(reply.headers[name] for name in kept) for reply in shown}) == 1
    assert "这个链接不能使用" in shown[0].text
    assert await house.answers() == []


@pytest.mark.parametrize("ending", ["reopened", "cancelled"])
async def test_a_result_that_no_longer_stands_is_not_asked_about(house: House, ending: str) -> None:
    """R-FB-01 (decided): the survey goes with the callback."""
    life = Life("w1")
    url = await house.survey_of(life)
    await house.desk.tell(life.closed(outcome="pending"))
    assert (await get(url)).status == 200
    await house.desk.tell(getattr(life, ending)())
    assert (await get(url)).status == 404
    assert (await post_form(url, GOOD)).status == 404


@pytest.mark.parametrize(
    ("answer", "drafts"), [(GOOD, 1), (GOOD | {"score": "7"}, 0), (GOOD | {"solved": ""}, 0), (GOOD | {"score": ""}, 0)]
)
async def test_a_case_praised_in_writing_becomes_knowledge(house: House, answer: dict[str, str], drafts: int) -> None:
    """R-FB-04, R-FB-02: a survey does the same as a call, though its case was closed as pending before."""
    life = Life("w1")
    url = await house.survey_of(life)
    await house.desk.tell(life.closed(outcome="pending"))
    assert await house.desk.service.told(KnowledgeDrafted) == []
    assert (await post_form(url, answer)).status == 303
    told = await house.desk.service.told(KnowledgeDrafted)
    assert [one.work_order_ids for one in told] == [("w1",)] * drafts


async def test_praise_that_comes_before_the_closing_becomes_knowledge_then(house: House) -> None:
    """R-FB-04: the answer may overtake routing's event."""
    life = Life("w1")
    assert (await post_form(await house.survey_of(life), GOOD)).status == 303
    assert await house.desk.service.told(KnowledgeDrafted) == []
    await house.desk.tell(life.closed(outcome="pending"))
    assert len(await house.desk.service.told(KnowledgeDrafted)) == 1


async def test_a_form_that_says_nothing_is_shown_again(house: House) -> None:
    """R-FB-02: what was written stays; the fault is told to those who do not see, too."""
    url = await house.survey_of(Life("w1"))
    empty = await post_form(url, {"comment": "</textarea><script>alert(1)</script>{{ 7 * 7 }}"})
    assert empty.status == 422
    assert re.search(r'role="alert"[^>]*>请至少回答', empty.text)
    assert "&lt;/textarea&gt;&lt;script&gt;" in empty.text
    assert "{{ 7 * 7 }}" in empty.text
    assert "<script" not in empty.text
    wrong = await post_form(url, GOOD | {"score": "11"})
    assert (wrong.status, "无法识别" in wrong.text) == (422, True)
    assert 'value="satisfied" checked' in wrong.text
    long = await post_form(url, GOOD | {"suggestion": "好" * 1001})
    assert (long.status, "1000" in long.text) == (422, True)
    assert await house.answers() == []
    full = await post_form(url, GOOD | {"comment": "好" * 1000, "suggestion": "好" * 1000})
    assert full.status == 303


async def test_what_is_no_form_is_refused(house: House) -> None:
    """Requests are limited, and every refusal is a page with all its guards."""
    url = await house.survey_of(Life("w1"))
    refused = [
        await request("POST", url, body=b"{}", headers={"Content-Type": "application/json"}),
        await request("POST", url, body=b"a=" + b"x" * 40_000, headers=FORM),
        await request("POST", url, body=(b"x" * 1000 for _ in range(40)), headers=FORM),
        await request("POST", url, body=b"&".join(b"f%d=1" % n for n in range(100)), headers=FORM),
        await request("POST", url, body="solved=是".encode(), headers=FORM),
        await request("PUT", url, body=b"x", headers=FORM),
        await request("DELETE", url),
    ]
    assert [reply.status for reply in refused] == [415, 413, 413, 400, 400, 405, 405]
    assert all(
        "没能提交成功" in reply.text and "default-src 'none'" in reply.headers["content-security-policy"]
        for reply in refused
    )
    assert (await request("HEAD", url)).status == 200
    assert await house.answers() == []


async def test_the_page_tells_and_loads_nothing_else(house: House) -> None:
    """R-FB-02: no data of the customer, nothing from elsewhere, no scripts, kept and framed by nobody."""
    life = Life("w1")
    url = await house.survey_of(life)
    page = await get(url)
    for private in ("王芳", "13800138000", "空调", "2024051800123", f"XR20261123{life.key}", "已为客户更换新空调"):
        assert private not in page.text
    assert "<script" not in page.text
    assert "http" not in page.text
    assert not re.findall(r"<(?:img|link|iframe|object|embed)", page.text)
    assert not re.findall(r"\son\w+=|style=", page.text)
    expected = {
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "x-robots-tag": "noindex, nofollow",
        "strict-transport-security": "max-age=31536000",
        "content-language": "zh",
    }
    assert {name: page.headers[name] for name in expected} == expected
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/]{43}='; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        page.headers["content-security-policy"],
    )
    (style,) = re.findall(r"<style>(.*?)</style>", page.text, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in page.headers["content-security-policy"]
    assert "server" not in page.headers
    assert "Disallow: /" in (await get(f"{house.url}/robots.txt")).text


async def test_the_page_speaks_the_readers_language(house: House) -> None:
    """R-FB-02, R-NT-03: the one chosen, else the browser's, else the customer's."""
    url = await house.survey_of(Life("w1"))
    assert "服务评价" in (await get(url)).text
    english = await get(url, Accept_Language="fr;q=0.9, en-GB;q=0.8, zh;q=0.2")
    assert "Has your problem been solved?" in english.text
    assert '<html lang="en">' in english.text
    assert "服务评价" in (await get(f"{url}?lang=zh", Accept_Language="en")).text
    assert "lang=en" in (await get(f"{url}?lang=zh")).text
    sent = await post_form(f"{url}?lang=en", GOOD)
    assert sent.headers["location"].endswith("?lang=en")
    assert "Thank you for your answer" in (await get(f"{url}?lang=en")).text


async def test_every_field_of_the_page_has_its_label(house: House) -> None:
    """R-FB-02: it can be used by ear, with the keyboard, on a telephone."""
    page = await get(await house.survey_of(Life("w1")))
    form = _Form()
    form.feed(page.text)
    assert {name: len(values) for name, values in form.choices.items()} == {
        "solved": 2, "speed": 2, "satisfaction": 5, "score": 11,
    }  # fmt: skip
    assert form.unlabelled == []
    assert form.fieldsets == form.legends == 4
    assert form.boxes == form.labelled_boxes == {"comment", "suggestion"}
    assert 'name="viewport" content="width=device-width, initial-scale=1"' in page.text


async def test_a_page_without_its_database_is_friendly(house: House) -> None:
    """R-FB-02: the answer is not lost silently; the customer is told to come again."""
    url = await house.survey_of(Life("w1"))
    service = house.desk.service
    async with service.engine.begin() as connection:
        await connection.exec_driver_sql("SET LOCAL ROLE NONE")  # the service itself may not
        await connection.exec_driver_sql("ALTER TABLE feedback.surveys RENAME TO surveys_away")
    try:
        for reply in (await get(url), await post_form(url, GOOD)):
            assert (reply.status, "暂时无法提交" in reply.text) == (503, True)
            assert reply.headers["retry-after"] == "60"
    finally:
        async with service.engine.begin() as connection:
            await connection.exec_driver_sql("SET LOCAL ROLE NONE")
            await connection.exec_driver_sql("ALTER TABLE feedback.surveys_away RENAME TO surveys")
    assert (await post_form(url, GOOD)).status == 303


async def test_a_house_without_a_key_serves_no_page(database_url: str, fresh_nats: str) -> None:
    """R-FB-02: whose links nobody could check; everything else works."""
    async with bench(database_url, fresh_nats) as desk:
        assert desk.service.parts.web is None


class _Form(HTMLParser):
    """Reads which fields a page has and which of them are labelled."""

    def __init__(self) -> None:
        super().__init__()
        self.choices: dict[str, set[str]] = {}
        self.unlabelled: list[str] = []
        self.boxes: set[str] = set()
        self.labelled_boxes: set[str] = set()
        self.fieldsets = self.legends = 0
        self._labels = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given: dict[str, Any] = dict(attrs)
        self._labels += tag == "label"
        self.fieldsets += tag == "fieldset"
        self.legends += tag == "legend"
        if tag == "label" and "for" in given:
            self.labelled_boxes.add(given["for"])
        if tag == "textarea":
            self.boxes.add(given["id"])
        if tag == "input":
            self.choices.setdefault(given["name"], set()).add(given["value"])
            if not self._labels:
                self.unlabelled.append(given["name"])

    def handle_endtag(self, tag: str) -> None:
        self._labels -= tag == "label"
