"""What a later decision or completion brings about, and what is planned for later: on real NATS and PostgreSQL."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from services.routing.store.tables import examples
from shared.events import (
    ContactCompleted,
    ContactRegistered,
    WorkorderAssigned,
    WorkorderClassified,
    WorkorderHandedOver,
    WorkorderLinked,
    WorkorderOpened,
)
from shared.events.commands import Cancel, Classify, Merge, Resolve, SetPresence, Sign, Transfer
from shared.testing.builders import registered_contact
from shared.testing.clock import MONDAY
from tests.integration.routing_house import House, completion, refusal, routing_house
from tests.integration.routing_house import house as house
from tests.unit.routing.orders import policy_with_a_night_supervisor


def learned(contact: ContactRegistered | WorkorderOpened, **details: str) -> ContactCompleted:
    return completion(contact, *details, details=details)


async def test_the_employee_is_learned_and_the_complaint_goes_to_their_supervisor(house: House) -> None:
    """R-RT-02, R-RT-08: at once to that department's supervisor, without gaps in the versions, and no label is learned."""
    order = await house.opened(category="staff_complaint", agent_id="service-1", personal={"text": "投诉一个员工"})
    assert order.department == "service"
    assert "employee" in order.missing_fields
    await house.bench.happens(learned(order, employee="network-1"))
    told = await house.get(order)
    work_order = told["work_order"]
    assert (work_order["department"], work_order["assignee"]) == ("network", "network-supervisor")
    assert [step["step"] for step in told["steps"]] == ["opened", "assigned", "supplemented", "classified", "assigned"]
    assert [step["version"] for step in told["steps"]] == [1, 2, 3, 4, 5]
    assert (await house.row(f"SELECT count(*) AS n FROM {examples.fullname}")).n == 0


async def test_what_makes_it_sensitive_is_learned(house: House) -> None:
    """R-RT-05, R-RT-04: of a work order that somebody has, who keeps it."""
    order = await house.opened(category="complaint", topic="product", personal={"text": "客户投诉"})
    await house.bench.happens(learned(order, reason="要找电视台曝光"))
    (told,) = await house.bench.told(WorkorderClassified)
    assert (told.sensitive, told.grade, told.by) == (True, "urgent", "system")
    assert len(await house.bench.told(WorkorderAssigned)) == 1


async def test_learned_in_the_batch_of_its_contact(house: House) -> None:
    """R-RT-02: the completion comes with its contact, and one supervisor gets the complaint."""
    contact = registered_contact(category="staff_complaint", personal={"text": "投诉一个员工"})
    await house.bench.happens(contact, learned(contact, employee="market-2"))
    (assigned,) = await house.bench.told(WorkorderAssigned)
    assert (assigned.assignee, assigned.department) == ("market-supervisor", "market")


async def test_what_left_triage_is_linked_as_well(house: House) -> None:
    """R-IN-06: two channels, one matter, once a person has said what the second contact is about; linked once."""
    same = {"customer_id": "k-1"}
    first = await house.opened(**same, category="after_sales", topic="product")
    second = await house.opened(**same, channel="wechat", personal={"text": "在吗"})
    assert second.queue == "triage"
    assert not await house.bench.told(WorkorderLinked)
    key = {"work_order_id": second.work_order_id}
    for _ in range(2):
        assert (await house.command(Classify, "service-1", **key, category="after_sales", topic="product"))["ok"]
    linked = await house.bench.told(WorkorderLinked)
    assert {one.other_number for one in linked} == {first.number, second.number}
    assert len(linked) == 2
    assert [link["number"] for link in (await house.get(second))["links"]] == [first.number]
    assert [link["number"] for link in (await house.get(first))["links"]] == [second.number]


async def test_another_matter_is_not_linked_when_it_is_classified(house: House) -> None:
    """R-IN-06."""
    await house.opened(customer_id="k-1", category="after_sales", topic="product")
    other = await house.opened(customer_id="k-1", channel="wechat", personal={"text": "在吗"})
    key = {"work_order_id": other.work_order_id}
    assert (await house.command(Classify, "service-1", **key, category="ad_slot"))["ok"]
    assert not await house.bench.told(WorkorderLinked)
    unknown = await house.command(Classify, "service-1", work_order_id="nothing", category="ad_slot")
    assert refusal(unknown) == (404, "unknown-work-order")


async def test_a_supervisor_does_not_handle_a_complaint_about_themselves(house: House) -> None:
    """R-RT-07, R-RT-08: named in the text it goes to the head, who signs; the supervisor cannot end it in any way."""
    order = await house.opened(personal={"text": "我要投诉你们市场部主管赵立新,态度非常恶劣,骂人"})
    key = {"work_order_id": order.work_order_id}
    assert (order.category, order.department) == ("staff_complaint", "market")
    (given,) = await house.bench.told(WorkorderAssigned)
    assert given.assignee == "market-head"
    other = await house.opened()
    mine: list[tuple[Any, dict[str, str]]] = [
        (Cancel, {"reason": "误投"}),
        (Transfer, {"department": "service", "reason": "不归我"}),
        (Merge, {"into_work_order_id": other.work_order_id, "reason": "同一件事"}),
        (Resolve, {"text": "查无此事"}),
    ]
    for model, content in mine:
        reply = await house.command(model, "market-supervisor", **key, **content)
        assert refusal(reply) == (403, "not-allowed")
    assert (await house.command(Resolve, "market-1", **key, text="属实,已道歉"))["ok"]
    refused = await house.command(Sign, "market-supervisor", **key, approve=True)
    assert refusal(refused) == (403, "not-allowed")
    assert (await house.command(Sign, "market-head", **key, approve=True))["ok"]


async def test_a_care_call_is_planned_and_handed_over_at_its_time(house: House) -> None:
    """R-RT-03, care: until the planned time it is nobody's; then the service centre has it, as a batch of its own."""
    planned = MONDAY + timedelta(days=2)
    order = await house.opened(
        category="care",
        agent_id="service-1",
        tier="vip",
        details={"planned_at": planned.isoformat()},
        personal={"text": "会员到期前关怀"},
    )
    assert (order.category, order.cutoff_at, order.tier) == ("care", planned, "vip")
    assert await house.turn() == planned
    assert not await house.bench.told(WorkorderAssigned)
    house.bench.clock.at = planned
    await house.turn()
    (batch,) = await house.bench.told(WorkorderHandedOver)
    assert (batch.department, batch.numbers, batch.cutoff_at) == ("service", (order.number,), planned)
    (given,) = await house.bench.told(WorkorderAssigned)
    assert given.assignee in {"service-1", "service-2"}


async def test_an_emergency_at_night_is_for_the_supervisor_on_duty(
    database_url: str, fresh_nats: str, tmp_path: Path
) -> None:
    """R-RT-08, 紧急情况: of two supervisors the one who is not off work gets it, and signs."""
    policy = policy_with_a_night_supervisor(tmp_path)
    async with routing_house(database_url, fresh_nats, policy) as house:
        gone = await house.command(SetPresence, "service-supervisor", agent_id="service-supervisor", state="off")
        assert gone["ok"]
        order = await house.opened(category="emergency", topic="safety", personal={"text": "车间着火了"})
        (given,) = await house.bench.told(WorkorderAssigned)
        assert (given.assignee, given.way) == ("night-supervisor", "to_supervisor")
        key = {"work_order_id": order.work_order_id}
        assert (await house.command(Resolve, "service-1", **key, text="已灭火"))["ok"]
        assert (await house.command(Sign, "night-supervisor", **key, approve=True))["ok"]
