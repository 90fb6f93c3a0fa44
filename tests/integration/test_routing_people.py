"""Assignment, presence and hand-overs to people on real NATS and PostgreSQL (R-RT-03, R-RT-08, R-SLA-07)."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.routing.domain.assignment import REASONS
from services.routing.store import tables
from shared import metrics
from shared.events import (
    AgentPresenceChanged,
    ContactRegistered,
    WorkorderAssigned,
    WorkorderHandedOver,
    WorkorderOpened,
    WorkorderReopened,
)
from shared.events.commands import (
    Assign,
    Classify,
    ListAgents,
    Reopen,
    Resolve,
    SetPresence,
    Sign,
    Transfer,
)
from shared.policy import Policy
from shared.testing.builders import registered_contact
from tests.integration.routing_house import House, callback, escalation
from tests.integration.routing_house import house as house
from tests.statements import statements

CUTOFF = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
"""16:00 in Shanghai."""


def complaints(count: int, **changes: Any) -> list[ContactRegistered]:
    """Return complaints of different customers, all for market."""
    return [registered_contact(**{"category": "complaint", "topic": "product"} | changes) for _ in range(count)]


def assigning(policy: Policy, **changes: Any) -> Policy:
    """Return `policy` with another assignment."""
    assignment = policy.routing.assignment.model_copy(update=changes)
    return policy.model_copy(update={"routing": policy.routing.model_copy(update={"assignment": assignment})})


async def given(house: House) -> list[WorkorderAssigned]:
    return await house.bench.told(WorkorderAssigned)


async def told_presence(house: House, agent: str, state: str, by: str | None = None) -> dict[str, Any]:
    return await house.command(SetPresence, by or agent, agent_id=agent, state=state)


async def test_somebody_has_it_from_the_start(house: House) -> None:
    """R-RT-08: version 2, by system, on the contact's trace and written with the work order; triage is for `service`."""
    (first, second) = await house.bench.happens(registered_contact(), registered_contact(personal={"text": "在吗"}))
    opened = {order.work_order_id: order for order in await house.bench.told(WorkorderOpened)}
    messages = await house.bench.messages(WorkorderAssigned)
    told = [(opened[one.data.work_order_id].queue, one.data.assignee, one.data.version) for one in messages]
    assert told == [("department", "market-1", 2), ("triage", "service-1", 2)]
    assert [one.trace_id for one in messages] == [first.trace_id, second.trace_id]
    assert {(one.data.by, one.data.way, one.data.status) for one in messages} == {("system", "assigner", "opened")}
    rows = await house.row("SELECT array_agg(assignee ORDER BY number), array_agg(version) FROM routing.work_orders")
    assert tuple(rows) == (["market-1", "service-1"], [2, 2])


async def test_round_robin_goes_on_across_batches_and_replicas(house: House) -> None:
    """R-RT-08: fair within 1 whatever the batches are, and whichever replicas take them at the same moment."""
    sizes = (1, 3, 2, 5, 1, 4, 3)
    replicas = [house.bench, await house.bench.replica(), await house.bench.replica()]
    await house.bench.publish(*complaints(sum(sizes)))
    batches = [await house.bench.fetch(size) for size in sizes]
    await asyncio.gather(*(replicas[at % 3].process(batch) for at, batch in enumerate(batches)))
    got = Counter(one.assignee for one in await given(house))
    assert got == {"market-1": 10, "market-2": 9}
    row = await house.row("SELECT served FROM routing.rotas WHERE department = 'market'")
    assert sorted(row.served.values()) == [18, 19]


async def test_nobody_gets_more_than_they_may_hold(house: House) -> None:
    """R-RT-08: replicas at the same moment; then the supervisor, with the reason; what is resolved makes room again."""
    small = assigning(house.bench.policy, capacity=2)
    replicas = [await house.bench.replica(policy=small) for _ in range(3)]
    await house.bench.publish(*complaints(6))
    batches = [await house.bench.fetch(2) for _ in replicas]
    await asyncio.gather(*(one.process(batch) for one, batch in zip(replicas, batches, strict=True)))
    told = await given(house)
    assert Counter(one.assignee for one in told) == {"market-1": 2, "market-2": 2, "market-supervisor": 2}
    assert {(one.way, one.reason) for one in told if one.assignee == "market-supervisor"} == {("full", REASONS["full"])}
    done = next(one for one in told if one.assignee == "market-2")
    assert (await house.command(Resolve, "market-2", work_order_id=done.work_order_id, text="换新机"))["ok"]
    await replicas[0].happens(*complaints(1))
    assert (await given(house))[-1].assignee == "market-2"


async def test_who_is_away_gets_nothing_new(house: House) -> None:
    """R-RT-08: what is in hand stays and is listed; new work goes to others; back again, back in turn."""
    await house.bench.happens(*complaints(2))
    opened = await house.bench.told(WorkorderOpened)
    reply = await told_presence(house, "market-1", "off")
    assert reply["result"] == {
        "agent_id": "market-1",
        "department": "market",
        "state": "off",
        "previous": "available",
        "since": "2026-11-23T02:00:00Z",
        "in_hand": 1,
        "open_work_orders": [
            {"work_order_id": opened[0].work_order_id, "number": opened[0].number, "status": "opened"}
        ],
    }
    await house.bench.happens(*complaints(2))
    assert [one.assignee for one in await given(house)] == ["market-1", "market-2", "market-2", "market-2"]
    assert (await told_presence(house, "market-2", "off", by="market-supervisor"))["ok"]
    await house.bench.happens(*complaints(1))
    last = (await given(house))[-1]
    assert (last.assignee, last.way, last.reason) == ("market-supervisor", "absent", REASONS["absent"])
    assert (await told_presence(house, "market-1", "available"))["ok"]
    await house.bench.happens(*complaints(1))
    assert (await given(house))[-1].assignee == "market-1"
    changes = [(one.agent_id, one.state, one.previous, one.by) for one in await house.bench.told(AgentPresenceChanged)]
    assert changes == [
        ("market-1", "off", "available", "market-1"),
        ("market-2", "off", "available", "market-supervisor"),
        ("market-1", "available", "off", "market-1"),
    ]


async def test_two_do_not_leave_at_the_same_moment(house: House) -> None:
    """R-SLA-07: at most one agent of a department away at a time, also when two ask two replicas at once."""
    other = await house.bench.replica()
    replies = await asyncio.gather(
        house.bench.command(SetPresence, {"by": "market-1", "agent_id": "market-1", "state": "meal"}),
        other.command(SetPresence, {"by": "market-2", "agent_id": "market-2", "state": "away"}),
        other.command(SetPresence, {"by": "service-1", "agent_id": "service-1", "state": "meal"}),
    )
    assert sorted(reply["ok"] for reply in replies) == [False, True, True]
    assert replies[2]["ok"]
    (refused,) = (reply["error"] for reply in replies if not reply["ok"])
    assert (refused["status"], refused["type"]) == (409, "urn:yingda:problem:too-many-away")
    assert len(await house.bench.told(AgentPresenceChanged)) == 2


async def test_presence_is_refused_and_repeated_without_effect(house: House) -> None:
    """R-RT-08, contract: who may not say it, who is nobody, what is no presence; the same again is no change."""
    replies = [
        await told_presence(house, "market-1", "off", by="market-2"),
        await told_presence(house, "market-1", "off", by="nobody"),
        await told_presence(house, "nobody", "off", by="market-1"),
        await told_presence(house, "general-manager", "off"),
        await told_presence(house, "market-1", "asleep"),
    ]
    assert [reply["error"]["status"] for reply in replies] == [403, 403, 422, 422, 400]
    again = await told_presence(house, "market-1", "available")
    assert (again["result"]["previous"], again["result"]["since"]) == ("available", None)
    assert await house.bench.told(AgentPresenceChanged) == []


async def test_who_is_there_with_how_much(house: House) -> None:
    """R-RT-08, R-OB-01: presence, work in hand and capacity of a department; the gauge counts the agents."""
    await house.bench.happens(*complaints(3))
    await told_presence(house, "market-2", "meal")
    listed = (await house.command(ListAgents, "market-supervisor", department="market"))["result"]["agents"]
    assert [(one["agent_id"], one["state"], one["in_hand"], one["capacity"]) for one in listed] == [
        ("market-1", "available", 2, 20),
        ("market-2", "meal", 1, 20),
        ("market-supervisor", "available", 0, 20),
        ("market-head", "available", 0, 20),
    ]
    everybody = (await house.command(ListAgents, "general-manager"))["result"]["agents"]
    assert len(everybody) == len(house.bench.policy.staff_directory) - 1
    assert (await house.command(ListAgents, "market-1", department="nowhere"))["error"]["status"] == 422
    assert house.bench.parts.gauges is not None
    await house.bench.parts.gauges()
    assert metrics.AGENTS.labels("market", "available")._value.get() == 1
    assert metrics.AGENTS.labels("market", "meal")._value.get() == 1


async def test_other_hands_after_other_steps(house: House) -> None:
    """R-RT-08: transferred, classified into another department or for the supervisor: somebody has it at once."""
    await house.bench.happens(*complaints(1), *(registered_contact(personal={"text": "在吗"}) for _ in range(2)))
    moved, classified, urgent = (one.work_order_id for one in await house.bench.told(WorkorderOpened))
    key = {"work_order_id": moved, "department": "network", "reason": "平台问题"}
    reply = await house.command(Transfer, "market-1", **key)
    assert (reply["result"]["department"], reply["result"]["version"]) == ("network", 4)
    await house.command(Classify, "service-1", work_order_id=classified, category="complaint", topic="app_display")
    await house.command(Classify, "service-1", work_order_id=urgent, category="emergency")
    told = [(one.work_order_id, one.version, one.assignee, one.way) for one in (await given(house))[3:]]
    assert told == [
        (moved, 4, "network-1", "assigner"),
        (classified, 4, "network-2", "assigner"),
        (urgent, 4, "service-supervisor", "to_supervisor"),
    ]


async def test_reopened_it_goes_back_unless_who_had_it_is_gone(house: House) -> None:
    """R-RT-08, R-FB-03: the assignee goes on; who is off work is replaced, on a person's word as on the customer's."""
    await house.bench.happens(*complaints(3))
    orders = await house.bench.told(WorkorderOpened)
    for order in orders:
        key = {"work_order_id": order.work_order_id}
        assert (await house.command(Resolve, "market-1", **key, text="换新机"))["ok"]
        assert (await house.command(Sign, "market-supervisor", **key, approve=True))["ok"]
    await house.bench.happens(callback(orders[0], reopen=True, solved=False))
    assert len(await given(house)) == 3
    await told_presence(house, "market-2", "off")
    await house.bench.happens(callback(orders[1], reopen=True, solved=False))
    (first, second) = await house.bench.told(WorkorderReopened)
    last = (await given(house))[-1]
    assert (last.work_order_id, last.assignee, last.version) == (
        orders[1].work_order_id,
        "market-1",
        second.version + 1,
    )
    assert first.version == second.version
    await told_presence(house, "market-1", "off")
    assert (await house.command(Reopen, "service-1", work_order_id=orders[2].work_order_id))["ok"]
    last = (await given(house))[-1]
    assert (last.work_order_id, last.assignee, last.way) == (orders[2].work_order_id, "market-supervisor", "absent")


async def test_given_by_hand(house: House) -> None:
    """R-RT-08: `assign` over the contract; escalations find the new assignee; refusals change nothing."""
    await house.bench.happens(*complaints(1))
    (order,) = await house.bench.told(WorkorderOpened)
    key = {"work_order_id": order.work_order_id}
    reply = await house.command(Assign, "market-supervisor", **key, assignee="market-2", reason="熟悉客户")
    assert (reply["result"]["version"], reply["result"]["status"]) == (3, "opened")
    await told_presence(house, "market-1", "off")
    refused = [
        await house.command(Assign, "market-supervisor", **key, assignee="market-1"),
        await house.command(Assign, "market-supervisor", **key, assignee="market-2"),
        await house.command(Assign, "market-supervisor", **key, assignee="network-1"),
        await house.command(Assign, "service-1", **key, assignee="market-supervisor"),
        await house.command(Assign, "market-supervisor", work_order_id="nowhere", assignee="market-1"),
    ]
    assert [reply["error"]["status"] for reply in refused] == [409, 409, 422, 403, 404]
    await house.bench.happens(escalation(order, "assignee"))
    row = await house.row("SELECT details -> 'to' AS told FROM routing.steps WHERE step = 'escalated'")
    assert row.told == ["market-2"]
    assert [(one.version, one.way) for one in await given(house)] == [(2, "assigner"), (3, "by_hand")]


async def test_the_batch_of_the_cut_off_finds_its_people(house: House) -> None:
    """R-RT-03, R-RT-08: nobody's before 16:00; then handed to the supervisor as a batch, and given out in the same turn."""
    change: dict[str, Any] = {"category": "info_change", "personal": {"text": "公司名称改为新禾商贸"}}
    await house.bench.happens(*(registered_contact(**change) for _ in range(4)))
    assert await given(house) == []
    early, own, *_ = (one.work_order_id for one in await house.bench.told(WorkorderOpened))
    assert (await house.command(Assign, "network-supervisor", work_order_id=own, assignee="network-2"))["ok"]
    await house.command(Transfer, "network-1", work_order_id=early, department="market", reason="市场部负责")
    house.bench.clock.at = CUTOFF
    others = [await house.bench.replica() for _ in range(3)]
    await asyncio.gather(*(one.parts.loops[0].turn() for one in others))
    batches = await house.bench.told(WorkorderHandedOver)
    assert {one.department: len(one.work_order_ids) for one in batches} == {"market": 1, "network": 3}
    told = [(one.department, one.assignee, one.way, one.version) for one in await given(house)]
    assert told[0] == ("network", "network-2", "by_hand", 2)
    assert sorted(told[1:]) == [
        ("market", "market-1", "assigner", 3),
        ("network", "network-1", "assigner", 2),
        ("network", "network-2", "assigner", 2),
    ]
    row = await house.row("SELECT count(*) FILTER (WHERE assignee IS NULL) AS nobodys FROM routing.work_orders")
    assert row.nobodys == 0


async def test_commands_and_batches_do_not_wait_for_each_other(house: House) -> None:
    """R-RT-08: opening, transferring and reopening at once, on two replicas: everything is done, nobody has too much."""
    await house.bench.happens(*complaints(20))
    orders = [one.work_order_id for one in await house.bench.told(WorkorderOpened)]
    other = await house.bench.replica()
    await house.bench.publish(*complaints(40))
    batches = [await house.bench.fetch(5) for _ in range(8)]
    moves = [
        (house.bench if at % 2 else other).command(
            Transfer, {"by": "market-1", "work_order_id": key, "department": "network", "reason": "平台问题"}
        )
        for at, key in enumerate(orders)
    ]
    taken = [(house.bench if at % 2 else other).process(batch) for at, batch in enumerate(batches)]
    replies, _ = await asyncio.gather(asyncio.gather(*moves), asyncio.gather(*taken))
    assert all(reply["ok"] for reply in replies)
    rows = await house.row(
        "SELECT count(*) AS of, count(assignee) AS held FROM routing.work_orders WHERE version = (SELECT max(version) "
        "FROM routing.steps WHERE work_order_id = id)"
    )
    assert tuple(rows) == (60, 60)
    held = Counter(one.assignee for one in await given(house) if one.department == "network")
    assert held == {"network-1": 10, "network-2": 10}
    most = await house.row(
        "SELECT max(number) FROM (SELECT count(*) AS number FROM routing.work_orders WHERE assignee LIKE 'market-_' "
        "GROUP BY assignee) AS held"
    )
    assert most[0] <= house.bench.policy.routing.assignment.capacity


STRANGER = """
from shared.plugins import Plugin

class Moody:
    name = "moody"

    def choose(self, task, candidates):
        if task.category == "complaint":
            raise ZeroDivisionError("not in the mood")
        return candidates[-1].id

plugin = Plugin(kind="assigner", name="moody", api=1, build=lambda setup: Moody())
"""


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Install a package of somebody else's with an assigner in it, and return the assigner's name."""
    info = tmp_path / "strangers-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strangers\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[yingda.assigners]\nmoody = strangers_assigner:plugin\n")
    (tmp_path / "strangers_assigner.py").write_text(STRANGER)
    monkeypatch.syspath_prepend(tmp_path)
    return "moody"


async def test_a_strangers_assigner_comes_in_and_may_fail(house: House, stranger: str) -> None:
    """R-RT-08: found by its entry point; where it raises the supervisor has the work order, counted, and nothing waits."""
    replica = await house.bench.replica(policy=assigning(house.bench.policy, by_department={"market": stranger}))
    before = metrics.ASSIGNMENTS.labels("market", "failed")._value.get()
    await replica.happens(*complaints(2), registered_contact(), registered_contact(category="general"))
    told = [(one.assignee, one.way) for one in await given(house)]
    assert told == [
        ("market-supervisor", "failed"),
        ("market-supervisor", "failed"),
        ("market-2", "assigner"),
        ("service-1", "assigner"),
    ]
    assert metrics.ASSIGNMENTS.labels("market", "failed")._value.get() == before + 2
    assert await house.bench.count(tables.runtime.dead_letters) == 0


async def test_a_batch_costs_three_statements_more_whatever_its_size(house: House) -> None:
    """R-RT-08: the lock with the turns, the people, the turns again; one query each for all departments."""
    mixed = [
        complaints(10),
        complaints(60),
        [*complaints(20), *(registered_contact(category="general") for _ in range(20))],
    ]
    counts = []
    for contacts in mixed:
        await house.bench.publish(*contacts)
        batch = await house.bench.fetch(len(contacts))
        await house.bench.outbox.relay()  # a large batch also marks what the one before has sent: leave it nothing
        with statements() as sent:
            await house.bench.process(batch)
        rows = [one for one in sent if one.startswith(("COPY", "INSERT INTO routing.outbox", "WITH part_0"))]
        counts.append(len(sent) - len(rows))  # many rows of a table go by COPY, few together with others
        assert len([one for one in sent if "routing.rotas" in one or "routing.presence" in one]) == 3
    assert len(set(counts)) == 1


async def test_the_people_are_found_by_an_index(house: House) -> None:
    """R-RT-08: counting what everybody has in hand reads their own open work orders, not all there are."""
    await house.bench.happens(*complaints(3))
    async with house.bench.engine.begin() as connection:
        await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = await connection.exec_driver_sql(
            f"EXPLAIN SELECT count(*) FROM routing.work_orders WHERE assignee = 'market-1' AND {tables.IN_HAND}"
        )
        assert "work_orders_in_hand" in "\n".join(row[0] for row in plan)
