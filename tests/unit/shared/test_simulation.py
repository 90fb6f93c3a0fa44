"""`yingda policy simulate`: the same rules, people and efforts under two policies, on a virtual clock."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from shared.policy import Policy, load_policy
from shared.policy.loader import DEFAULT_POLICY
from shared.simulation.comparison import compare
from shared.simulation.engine import Engine, Life, Task, Team
from shared.simulation.history import Sample, recorded, spread
from shared.simulation.ports import SimulationError
from shared.simulation.rehearsal import Figures, rehearse
from shared.simulation.staffing import agents_listed, agents_needed
from tests.command_line import Outcome, yingda

MONTH = Sample(400, date(2026, 9, 1), 30)
MONDAY = datetime(2026, 11, 23, 1, tzinfo=UTC)  # 09:00 in Shanghai


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(None)


def changed(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    text = DEFAULT_POLICY.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = tmp_path / "new.yaml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.slow
def test_the_same_seed_gives_the_same_figures_and_another_one_others(policy: Policy) -> None:
    def figures(seed: int) -> dict[str, Figures]:
        contacts = spread(MONTH, seed, policy.timezone)
        return rehearse(contacts, policy, seed, agents_needed(contacts, policy, seed, 0.8))

    assert figures(1) == figures(1)
    assert figures(1) != figures(2)


@pytest.mark.slow
def test_every_contact_becomes_one_work_order_and_every_clock_ends_once(policy: Policy) -> None:
    """R-SLA-09: with people enough, nothing is unfinished after the month, and each has its first response judged."""
    contacts = spread(MONTH, 1, policy.timezone)
    found = rehearse(contacts, policy, 1, dict.fromkeys(policy.departments, 50))
    assert sum(one.work_orders for one in found.values()) == MONTH.contacts
    assert sum(one.unfinished for one in found.values()) == 0
    judged = sum(one.met["first_response"] + one.breached["first_response"] for one in found.values())
    assert judged >= MONTH.contacts


@pytest.mark.slow
def test_a_longer_target_is_missed_less_often_and_nothing_else_changes_in_the_queues(
    policy: Policy, tmp_path: Path
) -> None:
    """R-SLA-02, R-SLA-12: what a new policy would do can be seen before it is in force."""
    longer = load_policy(changed(tmp_path, ("normal: 24h wall, complex: 3d", "normal: 96h wall, complex: 9d")))
    contacts = spread(MONTH, 1, policy.timezone)
    found = compare(contacts, policy, longer, 1, dict.fromkeys(policy.departments, 2))
    before = sum(one.breached["resolution"] for one in found.old.values())
    after = sum(one.breached["resolution"] for one in found.new.values())
    assert after < before
    assert [one.work_orders for one in found.old.values()] == [one.work_orders for one in found.new.values()]


@pytest.mark.slow
def test_more_people_wait_less(policy: Policy) -> None:
    contacts = spread(MONTH, 1, policy.timezone)
    few, many = (
        rehearse(contacts, policy, 1, dict.fromkeys(policy.departments, people))["market"] for people in (1, 9)
    )
    assert many.p95_wait < few.p95_wait
    assert many.longest_queue <= few.longest_queue


def test_work_is_done_in_office_hours_and_the_most_pressing_first(policy: Policy) -> None:
    team = Team("market", 1, policy.calendar_of("market"))
    done: list[tuple[str, datetime]] = []

    def life(name: str, pressing: datetime) -> Life:
        now = yield None
        now = yield Task(team, 3600, pressing, now)
        done.append((name, now))

    engine = Engine(MONDAY + timedelta(days=7))
    before_opening = MONDAY - timedelta(hours=2)
    engine.start(before_opening, life("later", MONDAY + timedelta(hours=9)))
    engine.start(before_opening, life("sooner", MONDAY + timedelta(hours=1)))
    engine.run()
    assert done == [("sooner", MONDAY + timedelta(hours=1)), ("later", MONDAY + timedelta(hours=2))]
    assert team.longest == 2


@pytest.mark.slow
def test_people_are_needed_in_proportion_to_the_work(policy: Policy) -> None:
    contacts = spread(Sample(4_000, MONTH.start, MONTH.days), 1, policy.timezone)
    at_ease, busy = (agents_needed(contacts, policy, 1, load) for load in (0.4, 0.8))
    assert at_ease["market"] > busy["market"] > busy["finance"] == 1
    assert agents_listed(policy)["market"] == 2


def test_a_history_of_contacts_or_events_is_read_in_order_of_time(tmp_path: Path, policy: Policy) -> None:
    written = {"text": "发票什么时候开", "customer": {"name": "王芳", "phone": "13800138000"}}
    later = {"channel": "web", "contact": {"occurred_at": "2026-11-23T11:00:00+08:00", **written}}
    event = spread(Sample(1, date(2026, 11, 23), 1), 1, policy.timezone)[0]
    sooner = {"type": event.TYPE, "data": event.replace(occurred_at=MONDAY - timedelta(days=1)).to_json()}
    other = {"type": "yingda.workorder.closed.v1", "data": {}}
    lines = "\n".join(json.dumps(line, ensure_ascii=False) for line in (later, other, sooner)) + "\n\n"
    (tmp_path / "a.jsonl").write_text(lines, encoding="utf-8")
    found = recorded(tmp_path)
    assert [one.occurred_at.date().isoformat() for one in found] == ["2026-11-22", "2026-11-23"]
    assert found[1].personal.text == written["text"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "a.jsonl:2: the line is not JSON"),
        ('{"hello": 1}', "a.jsonl:2: neither an event"),
        ('{"channel": "web", "contact": {"text": "x"}}', "a.jsonl:2: occurred_at"),
        ('{"type": "yingda.contact.registered.v1", "data": {}}', "a.jsonl:2: contact_id"),
    ],
)
def test_a_bad_line_is_named_with_its_file_and_number(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "a.jsonl").write_text(f"\n{line}\n", encoding="utf-8")
    with pytest.raises(SimulationError, match=said):
        recorded(tmp_path)


@pytest.mark.slow
def test_the_command_compares_the_policy_in_force_with_a_new_one(tmp_path: Path) -> None:
    """R-SLA-01: a target of a minute instead of half an hour is missed more often."""
    new = changed(tmp_path, ("normal: 30m business", "normal: 1m business"))
    ran: Outcome = yingda("policy", "simulate", str(new), "--contacts", "300", "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["contacts"] == 300
    market = found["departments"]["market"]
    assert (
        market["new"]["metrics"]["first_response"]["breached"] > market["old"]["metrics"]["first_response"]["breached"]
    )
    shown = yingda("policy", "simulate", str(new), "--contacts", "300", "--people", "listed")
    assert "first_response" in shown.out
    assert " → " in shown.out


def test_wrong_use_is_one_sentence(tmp_path: Path) -> None:
    new = changed(tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    for arguments, code, said in [
        (["missing.yaml"], 2, "there is no file missing.yaml"),
        ([str(new), "--sample", "--history", str(tmp_path)], 2, "either --history or --sample"),
        ([str(new), "--history", str(tmp_path / "nowhere")], 2, "there is no directory"),
        ([str(new), "--history", str(empty)], 1, "there is no file *.jsonl"),
    ]:
        ran = yingda("policy", "simulate", *arguments)
        assert (ran.code, said in ran.err, ran.err.count("\n")) == (code, True, 1)
