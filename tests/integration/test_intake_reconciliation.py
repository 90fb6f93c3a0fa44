"""Runs of the reconciliation on real servers, where the other services are not there to answer (guarantee 6)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from services.intake.app import SERVICE
from services.intake.store import reconciliation as store
from services.intake.store.reconciliation import differences, reconciliations
from shared.events.commands import RunReconciliation, SettleDifference, ShowReconciliation
from shared.testing.bench import ServiceBench, service_bench
from shared.testing.clock import SetClock
from tests.integration.intake_house import Intake, envelope, form

HOUR = timedelta(hours=1)


@pytest.fixture
async def intake(database_url: str, fresh_nats: str) -> AsyncIterator[ServiceBench]:
    async with service_bench(SERVICE, database_url, fresh_nats, clock=SetClock()) as bench:
        yield bench


async def turn(bench: ServiceBench) -> None:
    loop = next(loop for loop in bench.parts.loops if loop.name == "reconciliation")
    await loop.turn()


async def test_a_run_is_made_once_an_hour_by_one_replica_and_goes_on_where_the_last_one_ended(
    intake: ServiceBench,
) -> None:
    """Nothing has come in, so there is nothing to ask anybody; the next run is planned an hour later."""
    clock, other = intake.clock, await intake.replica()
    await asyncio.gather(turn(intake), turn(other))
    (planned,) = await intake.rows(reconciliations)
    assert planned.due_at == clock.at + HOUR
    clock.at += HOUR
    await asyncio.gather(*(turn(bench) for bench in (intake, other, intake, other)))
    ended, following = sorted(await intake.rows(reconciliations), key=lambda row: row.due_at)
    assert (ended.ended_at is None, following.ended_at) == (False, None)
    assert following.due_at == clock.at + HOUR
    assert following.since == ended.until == clock.at - timedelta(seconds=120)


async def test_a_run_in_hand_is_left_alone_and_one_whose_replica_has_died_is_taken_up(intake: ServiceBench) -> None:
    async with intake.engine.begin() as connection:
        await store.plan(connection, "r", store.ASKED, intake.clock.at, None)
    async with intake.engine.begin() as first, intake.engine.begin() as second:
        claims = [await store.claim_run(one, intake.clock.at) for one in (first, second)]
    assert [claim and claim.id for claim in claims] == ["r", None]
    async with intake.engine.begin() as connection:
        assert await store.claim_run(connection, intake.clock.at) is None
        lapsed = reconciliations.update().values(lease_until=func.clock_timestamp() - timedelta(seconds=1))
        await connection.execute(lapsed)
        assert await store.claim_run(connection, intake.clock.at) is not None


async def test_where_a_service_does_not_answer_nothing_is_judged_and_the_run_is_made_later(
    intake: ServiceBench,
) -> None:
    await turn(intake)  # plans
    async with intake.engine.begin() as connection:
        # A difference that is known is looked for again, and for that routing has to be asked.
        row = {"stage": "workorders", "name": "c", "contact_id": "c", "run_id": "r", "found_at": intake.clock.at}
        assert await store.keep_differences(connection, [row]) == {("workorders", "c")}
    intake.clock.at += HOUR
    await turn(intake)
    (run,) = await intake.rows(reconciliations)
    assert run.ended_at is None
    assert run.due_at == intake.clock.at + timedelta(seconds=300)
    assert "reconciliation.workorders" in run.result["unanswered"]
    asked = await intake.command(RunReconciliation, {"by": "service-supervisor"})
    await turn(intake)
    shown = await intake.command(ShowReconciliation, {"by": "service-1", "run_id": asked["result"]["run_id"]})
    assert "reconciliation.workorders" in shown["result"]["run"]["unanswered"]
    assert [one["name"] for one in shown["result"]["differences"]] == ["c"], "still missing, as far as anybody knows"


async def test_a_difference_is_settled_once_with_a_reason_by_whoever_may(intake: ServiceBench) -> None:
    row = {"stage": "cases", "name": "w", "contact_id": "c", "run_id": "r", "found_at": intake.clock.at}
    async with intake.engine.begin() as connection:
        await store.keep_differences(connection, [row])
    settle = {"stage": "cases", "name": "w", "reason": "deleted by hand"}
    for by, status in (("stranger", 403), ("service-1", 403), ("service-supervisor", None), ("general-manager", 404)):
        reply = await intake.command(SettleDifference, {"by": by, **settle})
        assert reply.get("error", {}).get("status") == status, by
    async with intake.engine.begin() as connection:
        assert await store.keep_differences(connection, [row]) == set(), "it stays settled"
        kept = (await connection.execute(select(differences))).one()
    assert (kept.settled_by, kept.note) == ("service-supervisor", "deleted by hand")


async def test_what_came_back_and_is_missing_again_is_told_again(intake: ServiceBench) -> None:
    row = {"stage": "cases", "name": "w", "contact_id": "c", "run_id": "r", "found_at": intake.clock.at}
    async with intake.engine.begin() as connection:
        for _ in range(2):
            assert await store.keep_differences(connection, [row]) == {("cases", "w")}
            assert await store.keep_differences(connection, [row]) == set()
            assert await store.settle_differences(connection, [("cases", "w")], intake.clock.at, store.BACK, None) == 1


async def test_a_question_is_answered_anew_every_time_and_keeps_no_reply(intake: ServiceBench) -> None:
    for number in range(2):
        shown = await intake.command(ShowReconciliation, {"command_id": "same", "by": "service-1"})
        assert shown == {"ok": True, "result": {"run": None, "differences": []}}, number
    assert await intake.count(SERVICE.tables.commands) == 0


async def test_a_repeat_of_what_was_rejected_is_accounted_for_with_it(intake: ServiceBench) -> None:
    """R-IN-08: the repeat has no effect and so no dead letter of its own; nothing is missing for that."""
    house = Intake(intake, intake)
    rejected = envelope("n", {name: value for name, value in form().items() if name != "text"})
    await house.publish(rejected, rejected)
    await intake.consume(2)
    await house.publish(rejected)
    await intake.consume(1)
    assert await intake.dead_letters() == 1
    asked = await intake.command(RunReconciliation, {"by": "service-supervisor"})
    await turn(intake)
    shown = await intake.command(ShowReconciliation, {"by": "service-1", "run_id": asked["result"]["run_id"]})
    (received,) = [stage for stage in shown["result"]["run"]["stages"] if stage["stage"] == "received"]
    assert (received["checked"], received["rejected"], received["missing"]) == (3, 3, [])
