"""A survey on a running suite: three calls that nobody answers, the link, the answer, the work order reopened."""

import asyncio
from typing import Any

from pydantic import SecretStr

from shared.survey_token import token_of
from tests.e2e.suite import Suite, contact, running_suite
from tests.web_client import get, post_form

CLOCK = "2026-11-23T10:00:00+08:00@7200"


async def unanswered(suite: Suite, callback_id: str) -> None:
    """Call until three half-days have brought no answer; at this speed one lasts six seconds."""
    async with asyncio.timeout(60):
        while True:
            told = await suite.done("callback.record", "service-1", callback_id=callback_id, outcome="no_answer")
            if told["state"] == "completed":
                return
            await asyncio.sleep(0.5)


async def test_who_cannot_be_reached_answers_in_writing_and_is_heard() -> None:
    """R-FB-01, R-FB-02, R-FB-03: through the contract and the page alone; the link outlives a crash of the service."""
    async with running_suite(CLOCK) as suite:
        source_id = await suite.publish(
            contact("请问你们的空调有哪些型号,价格是多少", occurred_at="2026-11-23T10:00:00+08:00")
        )
        opened = (await suite.event("workorder.opened", source_id=source_id))["data"]
        order: dict[str, Any] = {"work_order_id": opened["work_order_id"]}
        department = opened["department"]
        await suite.done(
            "workorder.resolve", f"{department}-1", **order, outcome="resolved", text="型号和价格已发给客户"
        )
        await suite.done("workorder.sign", f"{department}-supervisor", **order, approve=True)
        scheduled = (await suite.event("callback.scheduled", kind="callback", **order))["data"]
        await unanswered(suite, scheduled["callback_id"])
        issued = (await suite.event("survey.issued", **order))["data"]
        await suite.event("workorder.closed", **order, outcome="pending")

        page = suite.endpoints["survey"]
        key = (suite.data / "survey.key").read_text()
        assert (suite.data / "survey.key").stat().st_mode & 0o777 == 0o600
        url = f"{page}/s/{token_of(issued['survey_id'], SecretStr(key))}"
        assert (await get(url)).status == 200
        logs = "".join(path.read_text() for path in (suite.data / "logs").iterdir())
        assert key not in logs
        assert url.rpartition("/")[2] not in logs

        answer = {"solved": "no", "score": "2", "satisfaction": "dissatisfied", "comment": "价格还没有收到"}
        assert (await post_form(url, answer)).status == 303
        completed = (await suite.event("callback.completed", kind="survey", **order))["data"]
        assert (completed["reopen"], completed["second_contact"]) == (True, True)
        reopened = (await suite.event("workorder.reopened", **order))["data"]
        assert (reopened["cycle"], reopened["reason"]) == (2, "价格还没有收到")
        await suite.event("callback.scheduled", kind="supervisor_contact", **order)
        assert "感谢您的回答" in (await get(url)).text
        assert (await post_form(url, answer)).status == 409
