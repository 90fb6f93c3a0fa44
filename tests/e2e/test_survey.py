"""Customers whom no call reached, and customers whose call nobody answered, on a running suite."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from pydantic import SecretStr

from shared.policy.loader import DEFAULT_POLICY
from shared.survey_token import token_of
from tests.e2e.suite import Suite, contact, running_suite
from tests.polling import until
from tests.web_client import get, post_form

pytestmark = pytest.mark.timeout(300)
"""A whole suite takes its time to start and to end where the machine has much else to do."""

BEGIN = "2026-11-23T10:00:00+08:00"
SPEED = 7200
"""Two hours a second: a half-day lasts six seconds."""
EXPIRY = "survey_expiry: 7d wall"
"""A minute and a half at that speed, in which a machine with much to do does not get as far as the answer."""


@pytest.fixture(scope="module")
async def suite(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Suite]:
    text = DEFAULT_POLICY.read_text(encoding="utf-8")
    assert text.count(EXPIRY) == 1
    policy = tmp_path_factory.mktemp("policy") / "policy.yaml"
    policy.write_text(text.replace(EXPIRY, "survey_expiry: 90d wall"), encoding="utf-8")
    async with running_suite(f"{BEGIN}@{SPEED}", YINGDA_POLICY=str(policy)) as running:
        yield running


async def given_up(suite: Suite, callback_id: str) -> None:
    """Call until three half-days have brought no answer."""

    async def completed() -> bool:
        told = await suite.done("callback.record", "service-1", callback_id=callback_id, outcome="no_answer")
        return bool(told["state"] == "completed")

    await until(completed, 90, every=0.5)


async def crash(suite: Suite, service: str) -> None:
    """End the service as a crash would, and return when its successor works."""
    before = suite.endpoints["pids"][service]
    os.kill(before, signal.SIGKILL)
    await suite.replaced(service, before)


async def reachable(url: str) -> None:
    async def shown() -> bool:
        with suppress(ConnectionError):
            assert (await get(url)).status == 200
            return True
        return False

    await until(shown, 60, every=0.1)


async def test_who_cannot_be_reached_answers_in_writing_and_is_heard(suite: Suite) -> None:
    """R-FB-01, R-FB-02, R-FB-03: through the contract, the message and the page alone; the link outlives a crash."""
    source_id = await suite.publish(contact("请问你们的空调有哪些型号,价格是多少", occurred_at=BEGIN))
    opened = (await suite.event("workorder.opened", source_id=source_id))["data"]
    order: dict[str, Any] = {"work_order_id": opened["work_order_id"]}
    department = opened["department"]
    await suite.done("workorder.resolve", f"{department}-1", **order, outcome="resolved", text="型号和价格已发给客户")
    await suite.done("workorder.sign", f"{department}-supervisor", **order, approve=True)
    scheduled = (await suite.event("callback.scheduled", kind="callback", **order))["data"]
    await given_up(suite, scheduled["callback_id"])
    issued = (await suite.event("survey.issued", **order))["data"]
    await suite.event("workorder.closed", **order, outcome="pending")

    key = (suite.data / "survey.key").read_text()
    assert (suite.data / "survey.key").stat().st_mode & 0o777 == 0o600
    url = f"{suite.endpoints['survey']}/s/{token_of(issued['survey_id'], SecretStr(key))}"
    await suite.event("notification.sent", purpose="survey", **order)
    assert [one for one in suite.messages() if url in one["text"]], "the customer has the link"
    assert (await get(url)).status == 200
    await crash(suite, "feedback")
    await reachable(url)
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
    await suite.event("notification.sent", purpose="satisfaction", **order)
    file = await suite.done("customer.get", "service-1", **order)
    assert [one["kind"] for one in file["satisfaction"]["answers"]] == ["survey", "callback"]


async def test_a_missed_call_is_called_back_at_once(suite: Suite) -> None:
    """R-IN-10: recorded like any contact; the call that answers it closes nothing."""
    source_id = await suite.publish(
        contact("(未接来电)", occurred_at=BEGIN, call={"missed": True, "rings": 8}, customer={"phone": "13911112222"}),
        "phone",
    )
    order = {"work_order_id": (await suite.event("workorder.opened", source_id=source_id))["data"]["work_order_id"]}
    scheduled = (await suite.event("callback.scheduled", kind="return_call", **order))["data"]
    listed = await suite.done("callback.list", "service-1", kind="return_call", **order)
    assert "没有得到及时的答复" in listed["callbacks"][0]["script_text"]
    result = await suite.done("callback.record", "service-1", callback_id=scheduled["callback_id"], outcome="reached")
    assert (result["state"], result["reopen"]) == ("completed", False)
    await suite.event("callback.completed", kind="return_call", **order)
    got = await suite.done("workorder.get", "service-1", **order)
    assert got["work_order"]["status"] == "opened"
    assert suite.all("workorder.closed", **order) == []
