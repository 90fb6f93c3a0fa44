"""Customer files and scripts on real NATS and PostgreSQL (R-FB-07, R-FB-08)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from shared.events import ContactCompleted, Personal, WorkorderTagged
from tests.unit.feedback.bench import Bench, bench
from tests.unit.feedback.builders import MONDAY, Life, local


@pytest.fixture
async def desk(database_url: str, fresh_nats: str) -> AsyncIterator[Bench]:
    async with bench(database_url, fresh_nats) as ready:
        yield ready


def tagged(life: Life, *tags: str) -> WorkorderTagged:
    return life._step(WorkorderTagged, "opened", MONDAY, customer_id="k1", tags=tags, added=tags)


def completed(contact_id: str, **personal: Any) -> ContactCompleted:
    return ContactCompleted(
        contact_id=contact_id,
        customer_id="k1",
        completed=tuple(personal),
        details={},
        plain_language=True,
        preferred_channel="email",
        personal=Personal(**personal),
        by="service-1",
        at=MONDAY,
    )


async def two_matters(desk: Bench) -> tuple[Life, Life]:
    """A customer complains by telephone, and asks for something on the web a day later, as a VIP by now."""
    first, second = Life("w1", category="complaint"), Life("w2", category="product_inquiry")
    await desk.tell(
        first.contact(channel="phone", emotion="impatient", agent_id="service-2", occurred_at=MONDAY),
        first.opened(tags=("投诉-物流延迟",)),
        second.contact(
            tier="vip",
            occurred_at=MONDAY + timedelta(days=1),
            personal={"phone": "+86 138-0013-8000", "company": "东方商贸"},
        ),
        second.opened(opened_at=MONDAY + timedelta(days=1)),
        first.resolved(),
        first.signed(),
        tagged(second, "意向客户", "投诉-物流延迟"),
    )
    answer: dict[str, Any] = {
        "outcome": "reached",
        "solved": True,
        "score": 6,
        "satisfaction": "neutral",
        "suggestion": "快一点",
    }
    await desk.done("callback.record", callback_id=await desk.callback_of("w1"), **answer)
    return first, second


async def test_the_file_holds_everything_in_one_place(desk: Bench) -> None:
    """R-FB-08: contacts, work orders, tags, satisfaction and preferences, the newest first."""
    await two_matters(desk)
    await desk.tell(completed("c-w2", email="wang@example.com"))
    file = await desk.done("customer.get", customer_id="k1")
    known = {name: file[name] for name in ("name", "honorific", "phone", "email", "company", "tier")}
    assert known == {
        "name": "王芳", "honorific": "女士", "phone": "+86 138-0013-8000", "email": "wang@example.com",
        "company": "东方商贸", "tier": "vip",
    }  # fmt: skip
    assert file["preferences"] == {"channel": "email", "plain_language": True, "locale": "zh-CN"}
    assert file["tags"] == ["意向客户", "投诉-物流延迟"]
    assert [(one["contact_id"], one["channel"], one["number"]) for one in file["contacts"]] == [
        ("c-w2", "web", "XR20261123w2"),
        ("c-w1", "phone", "XR20261123w1"),
    ]
    assert [(one["number"], one["status"]) for one in file["work_orders"]] == [
        ("XR20261123w2", "opened"),
        ("XR20261123w1", "signed"),
    ]
    (answer,) = file["satisfaction"]["answers"]
    assert (answer["number"], answer["score"], answer["satisfaction"], answer["suggestion"]) == (
        "XR20261123w1", 6, "neutral", "快一点",
    )  # fmt: skip
    assert file["satisfaction"]["mean_score"] == 6.0
    assert [one["kind"] for one in file["open_callbacks"]] == ["supervisor_contact"]


@pytest.mark.parametrize(
    "named",
    [
        {"work_order_id": "w1"},
        {"number": "XR20261123w2"},
        {"contact_id": "c-w1"},
        {"phone": "13800138000"},
        {"phone": "0086 138 0013 8000"},
    ],
    ids=lambda named: next(iter(named.values())),
)
async def test_a_customer_is_found_by_whatever_is_at_hand(desk: Bench, named: dict[str, str]) -> None:
    """R-FB-08"""
    await two_matters(desk)
    assert (await desk.done("customer.get", **named))["customer_id"] == "k1"


async def test_customers_are_searched_by_their_tags_and_facts(desk: Bench) -> None:
    """R-RT-11, R-FB-08: all that is given applies; the one heard of last comes first."""
    await two_matters(desk)
    other = Life("w3")
    await desk.tell(
        other.contact(
            customer_id="k2",
            occurred_at=MONDAY + timedelta(days=2),
            personal={"name": "王建国", "phone": "13900000000"},
        ),
        other.opened(customer_id="k2", tags=("投诉-物流延迟",)),
    )

    async def found(**wish: str) -> list[str]:
        return [one["customer_id"] for one in (await desk.done("customer.search", **wish))["customers"]]

    assert await found(tag="投诉-物流延迟") == ["k2", "k1"]
    assert await found(tag="投诉-物流延迟", tier="vip") == ["k1"]
    assert await found(tag="投诉") == []
    assert await found(name="王") == ["k2", "k1"]
    assert await found(name="%") == []
    assert await found(company="东方") == ["k1"]
    assert await found(phone="139-0000-0000") == ["k2"]
    assert await found(order_no="2024051800123", name="王芳") == ["k1"]
    (item,) = (await desk.done("customer.search", phone="+8613800138000"))["customers"]
    assert (item["work_orders"], item["tags"]) == (2, ["投诉-物流延迟", "意向客户"])
    assert (await desk.refused("customer.search"))["status"] == 422


async def test_a_customer_is_shown_to_whom_they_concern(desk: Bench) -> None:
    """R-FB-08 (decided): to service, to whoever leads, and to the departments of their work orders."""
    await two_matters(desk)
    for by in ("service-1", "market-1", "network-supervisor", "market-head", "general-manager"):
        assert (await desk.done("customer.get", by, customer_id="k1"))["name"] == "王芳"
    assert (await desk.refused("customer.get", "network-1", customer_id="k1"))["status"] == 403
    assert (await desk.done("customer.search", "network-1", name="王"))["customers"] == []
    assert (await desk.refused("customer.get", "stranger", customer_id="k1"))["status"] == 403
    assert (await desk.refused("customer.get", customer_id="nobody"))["status"] == 404
    assert (await desk.refused("customer.get", customer_id="k1", phone="13800138000"))["status"] == 400


async def test_a_cancelled_work_order_stays_in_the_file(desk: Bench) -> None:
    """R-FB-08: with when it ended; one reopened has no end."""
    first, second = await two_matters(desk)
    await desk.tell(first.reopened(), second.cancelled(MONDAY + timedelta(hours=3)))
    orders = {one["work_order_id"]: one for one in (await desk.done("customer.get", customer_id="k1"))["work_orders"]}
    assert (orders["w2"]["status"], orders["w2"]["ended_at"]) == ("cancelled", "2026-11-23T05:00:00Z")
    assert (orders["w1"]["status"], orders["w1"]["cycle"], orders["w1"]["ended_at"]) == ("opened", 2, None)


async def test_the_agents_screen_shows_what_to_say(desk: Bench) -> None:
    """R-FB-07, R-IN-11: opening, hold and closing, with the surname, on a holiday, in plain words."""
    plain = await desk.done("script.get", script="opening")
    assert plain["text"].startswith("【开场】\n您好！这里是客服中心，我是陈雨桐")
    assert "节日的问候" not in plain["text"]
    named = await desk.done("script.get", "service-2", script="hold", name="欧阳建国", honorific="先生")
    assert "欧阳先生，您好，这个问题我需要查询一下，大约需要一分钟" in named["text"]
    await two_matters(desk)
    await desk.tell(completed("c-w1", email="wang@example.com"))
    desk.service.clock.at = local("2026-10-01 10:00")
    closing = await desk.done("script.get", script="closing", work_order_id="w1")
    assert "您的受理编号是XR20261123w1。" in closing["text"]
    assert "值此国庆节" in closing["text"]
    call = await desk.done("script.get", script="complaint_after_sales", work_order_id="w1")
    assert "王女士，您好！" in call["text"]
    assert "（客户希望说得简单一些" in call["text"]
    english = await desk.done("script.get", script="opening", language="en", name="John Smith", honorific="Mr")
    assert english["text"].splitlines()[1].startswith("Hello, Mr Smith! This is")


async def test_scripts_are_for_staff_and_about_something(desk: Bench) -> None:
    """R-FB-07"""
    await two_matters(desk)
    assert (await desk.refused("script.get", "stranger", script="opening"))["status"] == 403
    assert (await desk.refused("script.get", script="product_project"))["errors"][0]["field"] == "work_order_id"
    assert (await desk.refused("script.get", script="closing", work_order_id="none"))["status"] == 404
    assert (await desk.refused("script.get", "network-1", script="closing", work_order_id="w1"))["status"] == 403
    assert (await desk.refused("script.get", script="farewell"))["status"] == 400
