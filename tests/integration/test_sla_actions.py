"""What escalations set off, by a stranger's plugin on real servers: once each, patiently, and never in a deadline's way (R-SLA-10)."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.sla.app import SERVICE, accepts
from services.sla.handlers.actions import Actions
from services.sla.store import tables
from shared import metrics
from shared.events import SlaBreached
from shared.plugins import PluginError
from shared.plugins.breaker import FAILURES
from shared.policy import Policy
from shared.settings import Settings
from shared.testing.bench import service_bench
from shared.testing.clock import MONDAY, SetClock
from tests.integration.sla_house import House
from tests.polling import until
from tests.stranger import install
from tests.unit.sla.changes import changed
from tests.unit.sla.story import Story

PAGER = '''
import asyncio
import json
from pathlib import Path

from services.sla.ports import Done, Later, Refused
from shared.plugins import Config, Plugin


class PagerConfig(Config):
    folder: str


class Pager:
    """Notes whom it paged; does what its folder's file `mood` says."""

    def __init__(self, setup):
        self.folder = Path(setup.config.folder)

    async def act(self, escalation):
        with (self.folder / "paged").open("a") as ledger:
            ledger.write(json.dumps([escalation.id, escalation.attempt, escalation.number, escalation.to]) + "\\n")
        mood = (self.folder / "mood").read_text()
        if mood == "hung":
            await asyncio.Event().wait()
        if mood == "away":
            return Later("the pager is away")
        if mood == "busy":
            return Later("the pager is busy", 60)
        if mood == "unwritable":
            return Done("ticket" + chr(0) + " 7" + chr(0xD800))
        if mood == "never":
            return Later("the pager is away", float("nan"))
        if mood == "endless":
            return Later("the pager is away", 1e300)
        if mood == "no":
            return Refused("nobody is on call")
        if mood == "broken":
            raise KeyError("the customer Wang")
        return {"good": Done("ticket 7")}.get(mood, mood)

    async def close(self):
        (self.folder / "closed").touch()


plugin = Plugin(kind="escalation_action", name="pager", api=1, build=Pager, config=PagerConfig, summary="Pages people")
'''
OVERDUE = MONDAY + timedelta(minutes=121)
KEYS = {
    "on": "breach",
    "to": "supervisor",
    "actions": [{"plugin": "pager", "metrics": ["resolution"]}],
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(install(tmp_path / "packages", "strangers_pager", PAGER, escalation_action="pager"))
    (tmp_path / "mood").write_text("good")
    return tmp_path


def policy(folder: Path, **more: Any) -> Policy:
    return changed(
        {
            "sla.ladder": [KEYS, {"on": "breach", "after": "1d business", "to": "head"}],
            "sla.action_wait": "60s wall",
            "sla.action_retries": {"max_attempts": 2, "pauses": ["10s wall", "1m wall"]},
            "plugins.escalation_actions": {"pager": {"folder": str(folder)}},
            **more,
        }
    )


@pytest.fixture
async def house(database_url: str, fresh_nats: str, folder: Path) -> AsyncIterator[House]:
    async with service_bench(SERVICE, database_url, fresh_nats, clock=SetClock(), policy=policy(folder)) as bench:
        yield House(bench)


def queue_of(house: House) -> Actions:
    actions: Actions = house.loop("actions").turn.__self__  # type: ignore[attr-defined]
    return actions


async def acted(house: House) -> Any:
    """Take up what is due and wait for the end of it; return the rows of the queue."""
    await house.loop("actions").turn()
    await queue_of(house).idle()
    return await house.bench.rows(tables.actions)


async def breached(house: House, *ids: str) -> None:
    for key in ids or ("w1",):
        opened = Story(id=key).opened(MONDAY, number=f"XR-{key}", policy_version=house.bench.policy.policy_version)
        await house.bench.happens(opened)
    await house.watch(OVERDUE)


def paged(folder: Path) -> list[Any]:
    ledger = folder / "paged"
    return [json.loads(line) for line in ledger.read_text().splitlines()] if ledger.exists() else []


async def test_an_escalation_acts_once_whoever_looks(house: House, folder: Path) -> None:
    """R-SLA-10: two replicas, looking again and again, and nothing else of the same clock sets it off."""
    other = House(await house.bench.replica())
    await breached(house, "w1", "w2")
    await asyncio.gather(acted(house), acted(other))
    await house.watch(OVERDUE + timedelta(minutes=1))
    rows = await acted(house)
    assert [(row.state, row.attempts, row.reason) for row in rows] == [("done", 1, "ticket 7")] * 2
    assert sorted((number, to, attempt) for _, attempt, number, to in paged(folder)) == [
        ("XR-w1", "supervisor", 1),
        ("XR-w2", "supervisor", 1),
    ]
    assert {row.id for row in rows} == {key for key, *_ in paged(folder)}
    assert metrics.ESCALATION_ACTIONS.labels("pager", "done")._value.get() >= 2


@pytest.mark.parametrize(
    ("mood", "reason"),
    [
        ("away", "the pager is away"),
        ("broken", "it failed: KeyError"),
        ("nonsense", "it answered with a str"),
        ("never", "it answered with a Later"),
        ("endless", "it answered with a Later"),
    ],
)
async def test_what_fails_is_tried_again_with_growing_pauses_and_then_waits_for_somebody(
    house: House, folder: Path, mood: str, reason: str
) -> None:
    """Visible by command and metric, and taken up again by command; what it was about is not told."""
    (folder / "mood").write_text(mood)
    await breached(house)
    (row,) = await acted(house)
    assert (row.state, row.next_at - house.bench.clock.at) == ("waiting", timedelta(seconds=10))
    house.bench.clock.at = row.next_at
    (row,) = await acted(house)
    assert (row.state, row.attempts, row.reason) == ("dead", 2, reason)
    assert house.bench.parts.gauges is not None
    await house.bench.parts.gauges()
    assert metrics.ESCALATION_ACTIONS_OPEN.labels("pager", "dead")._value.get() == 1
    reply = await house.bench.command("sla.actions", {"by": "service-1"})
    (listed,) = reply["result"]["actions"]
    assert (listed["number"], listed["state"], listed["reason"]) == ("XR-w1", "dead", reason)

    (folder / "mood").write_text("good")
    reply = await house.bench.command("sla.retry_actions", {"by": "service-1", "action_id": listed["action_id"]})
    assert reply["result"] == {"actions": 1}
    (row,) = await acted(house)
    assert (row.state, row.attempts) == ("done", 1)
    reply = await house.bench.command("sla.retry_actions", {"by": "service-1", "action_id": listed["action_id"]})
    assert reply["error"]["status"] == 404


async def test_a_plugin_that_is_left_alone_loses_no_attempts(house: House, folder: Path) -> None:
    """Growing pauses, and in between what would be no attempt counts as none (ADR 0035)."""
    patient = {"max_attempts": 20, "pauses": ["10s wall", "1m wall", "2m wall"]}
    replica = House(await house.bench.replica(policy=policy(folder, **{"sla.action_retries": patient})))
    (folder / "mood").write_text("broken")
    await breached(replica)
    pauses = []
    for _ in range(8):
        (row,) = await acted(replica)
        pauses.append((row.next_at - house.bench.clock.at).total_seconds())
        house.bench.clock.at = row.next_at
    assert pauses[:3] == [10, 60, 120]
    assert (row.state, row.attempts) == ("waiting", FAILURES)
    assert "left alone" in row.reason
    assert len(paged(folder)) == FAILURES


async def test_an_answer_that_no_row_can_hold_is_noted_all_the_same(house: House, folder: Path) -> None:
    """Else it would be asked again for ever, though it has done what it should."""
    (folder / "mood").write_text("unwritable")
    await breached(house)
    (row,) = await acted(house)
    assert (row.state, row.reason) == ("done", "ticket 7?")


class Fast(SetClock):
    """Runs sixty times as fast as the real one."""

    def seconds_until(self, at: datetime) -> float:
        return super().seconds_until(at) / 60


async def test_a_pause_that_is_asked_for_is_one_of_real_time(
    house: House, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever clock the business rehearses with."""
    (folder / "mood").write_text("busy")
    await breached(house)
    monkeypatch.setattr(queue_of(house), "_clock", Fast(house.bench.clock.at))
    (row,) = await acted(house)
    assert row.next_at - house.bench.clock.at == timedelta(hours=1)


async def test_a_refusal_is_for_good(house: House, folder: Path) -> None:
    (folder / "mood").write_text("no")
    await breached(house, "w1", "w2")
    rows = await acted(house)
    assert [(row.state, row.reason) for row in rows] == [("refused", "nobody is on call")] * 2
    (folder / "mood").write_text("good")
    reply = await house.bench.command("sla.retry_actions", {"by": "service-1", "plugin": "pager"})
    assert reply["result"] == {"actions": 2}
    assert {row.state for row in await acted(house)} == {"done"}


async def test_a_hanging_action_holds_up_no_deadline(house: House, folder: Path) -> None:
    """R-SLA-14: it is outside the watch's transaction, and given up after the time that an attempt may take."""
    hasty = House(await house.bench.replica(policy=policy(folder, **{"sla.action_wait": "1s wall"})))
    (folder / "mood").write_text("hung")
    await breached(hasty)
    await hasty.loop("actions").turn()
    await until(lambda: paged(folder), 60)
    later = Story(id="w2").opened(OVERDUE, policy_version=hasty.bench.policy.policy_version)
    await hasty.bench.happens(later)
    await hasty.watch(OVERDUE + timedelta(minutes=121))
    overdue = [one.subject_id for one in await hasty.bench.told(SlaBreached) if one.metric == "resolution"]
    assert overdue == ["w1", "w2"]
    await queue_of(hasty).idle()
    (row, _) = sorted(await house.bench.rows(tables.actions), key=lambda row: row.created_at)
    assert (row.state, row.attempts) == ("waiting", 1)
    assert "took longer than 1 s" in row.reason


async def test_what_a_crash_left_in_hand_is_taken_up_by_another_with_the_same_id(house: House, folder: Path) -> None:
    """At least once: the id is the same, so the second can be dropped by whoever got the first."""
    (folder / "mood").write_text("hung")
    await breached(house)
    await house.loop("actions").turn()
    await until(lambda: paged(folder), 60)
    for task in list(queue_of(house)._tasks):  # as when the process dies: nothing is noted
        task.cancel()
    (folder / "mood").write_text("good")
    other = House(await house.bench.replica())
    (row,) = await acted(other)
    assert row.state == "waiting"  # in hand, for all that anybody knows
    house.bench.clock.at += timedelta(seconds=92)
    (row,) = await acted(other)
    assert (row.state, row.attempts) == ("done", 2)
    first, second = paged(folder)
    assert first[0] == second[0]
    assert (first[1], second[1]) == (1, 2)


async def test_what_cannot_be_used_waits_and_what_is_not_used_any_more_is_dead(house: House, folder: Path) -> None:
    """The service runs on without the plugin: deadlines are more than its actions."""
    unusable = policy(folder, **{"plugins.escalation_actions": {"pager": {}}})
    with pytest.raises(PluginError, match="folder"):
        accepts(unusable, Settings())
    without = House(await house.bench.replica(policy=unusable))
    await breached(without)
    (row,) = await acted(without)
    assert (row.state, row.attempts) == ("waiting", 1)
    assert "folder" in row.reason
    house.bench.clock.at = row.next_at
    former = House(await house.bench.replica(policy=changed({})))  # one that has not got the new policy yet
    (row,) = await acted(former)
    assert row.state == "waiting"
    house.bench.clock.at += timedelta(minutes=11)
    (row,) = await acted(former)
    assert (row.state, row.reason) == ("dead", "no policy in force uses this action")


async def test_strangers_give_no_commands(house: House) -> None:
    for name, given in (("sla.actions", {}), ("sla.retry_actions", {"plugin": "pager"})):
        reply = await house.bench.command(name, {"by": "nobody", **given})
        assert reply["error"]["status"] == 403
    reply = await house.bench.command("sla.retry_actions", {"by": "service-1"})
    assert reply["error"]["status"] == 422
