"""Poison among many contacts: it ends in the dead letters, the rest passes, and what is mended has its effect once.

The judge is the ledger of what was sent (`tests/faults/poison.py`), held against the stream of events. A poisoned
contact is one that was cut off, has no envelope or no readable time, came over a channel that nobody has a plugin for,
or meets a fault in routing. What mends it is what would in life: a correction by the operator, a plugin that is
installed, a release without the fault.
"""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.command_line import yingda_beside
from tests.faults.floor import Floor, floor, of
from tests.faults.poison import KINDS, WRITTEN_ANEW, Sent, faulty_release, ledger, with_fax_plugin

CAUSES = {
    "cut off": "the body is not JSON",
    "no envelope": "the envelope is not CloudEvents 1.0",
    "no time": "occurred_at",
    "no plugin": 'no plugin for channel "fax"',
    "a fault in routing": "the handler failed: LookupError at services/routing/handlers/contacts.py",
}
SERVICES = ("intake", "routing", "sla", "notify", "feedback")


@pytest.mark.parametrize(
    ("count", "poison", "services"),
    [
        pytest.param(1_000, 10, SERVICES[:2], id="1000", marks=pytest.mark.timeout(300)),
        pytest.param(10_000, 100, SERVICES, id="10000", marks=[pytest.mark.slow_faults, pytest.mark.timeout(900)]),
    ],
)
async def test_poison_is_put_aside_and_once_mended_has_each_effect_once(
    count: int,
    poison: int,
    services: tuple[str, ...],
    database_url: str,
    fresh_nats: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """R-IN-06, R-IN-08: 1 % is poison of five kinds; after the fix every letter is replayed twice."""
    monkeypatch.setenv("YINGDA_NATS_URL", fresh_nats)
    monkeypatch.setenv("YINGDA_DATABASE_URL", database_url)
    monkeypatch.setenv("YINGDA_DATA", str(tmp_path))
    sent = ledger(count, poison)
    good = {one.source_id for one in sent if one.poison is None}
    assert Counter(one.poison for one in sent if one.poison) == dict.fromkeys(KINDS, poison // len(KINDS))
    async with floor(database_url, fresh_nats) as ours:
        await ours.provision(*services)
        sound = [name for name in services if name != "routing"]
        await ours.start(*sound)
        await ours.start("routing", **faulty_release(tmp_path / "faulty"))
        await ours.send([one.outgoing() for one in sent])
        await ours.at_rest(600)
        await judge_effects(ours, good, services)
        await judge_letters(sent)

        await ours.kill("intake", "routing")
        await ours.start("intake", **with_fax_plugin(tmp_path / "fax"))
        await ours.start("routing")
        replay = await replayed(sent, tmp_path)
        await ours.at_rest(600)
        await judge_effects(ours, {one.source_id for one in sent}, services)
        await dlq(*replay)
        await dlq("replay", *(letter["id"] for letter in await letters("--state", "replayed") if not letter["note"]))
        await ours.at_rest(600)
        await judge_effects(ours, {one.source_id for one in sent}, services)
        assert await letters() == []
        acts = json.loads(await dlq("history", "--json", "--limit", str(10 * poison)))
        assert Counter(act["letter"] for act in acts) == dict.fromkeys((one["id"] for one in await letters("--all")), 2)
        assert {act["act"] for act in acts} == {"replay"}
        assert sum(act["before"] != act["after"] for act in acts) == 2 * poison * len(WRITTEN_ANEW) // len(KINDS)


async def judge_effects(ours: Floor, wanted: set[str], services: Sequence[str]) -> None:
    """Each contact of `wanted`, and no other, has one registration, one work order and one clock of each kind."""
    events = await ours.events()
    passed_routing = Counter(event["source_id"] for event in of(events, "workorder.opened"))
    assert passed_routing == Counter(wanted)
    registered = Counter(event["source_id"] for event in of(events, "contact.registered"))
    assert set(registered.values()) == {1}
    assert wanted <= set(registered)
    if "sla" in services:
        orders = {event["work_order_id"] for event in of(events, "workorder.opened")}
        clocks = Counter((e["subject_id"], e["metric"], e["cycle"]) for e in of(events, "sla.started"))
        assert set(clocks.values()) == {1}
        assert {work_order for work_order, metric, _ in clocks if metric == "first_response"} == orders
    if "notify" in services:
        notices = of(events, "notification.sent")
        told = Counter(e["work_order_id"] for e in notices if e["purpose"] == "accepted")
        assert set(told.values()) == {1}
        assert len(told) == len(wanted)


async def judge_letters(sent: Sequence[Sent]) -> None:
    """Every poisoned contact is kept as it came, with its reason; each fault is one group."""
    poisoned = {one.source_id: one for one in sent if one.poison}
    groups = json.loads(await dlq("list", "--group", "--json"))
    assert len(groups) == len(KINDS)
    for kind, says in CAUSES.items():
        (group,) = [group for group in groups if says in group["reason"]]
        assert group["letters"] == len(poisoned) // len(KINDS), kind
        assert group["service"] == ("routing" if kind == "a fault in routing" else "intake")
    by_intake = Counter(letter["body"] for letter in await shown("--service", "intake"))
    assert by_intake == Counter(one.body.decode() for one in poisoned.values() if one.poison != "a fault in routing")
    by_routing = Counter(
        json.loads(letter["body"])["data"]["source_id"] for letter in await shown("--service", "routing")
    )
    assert by_routing == Counter(key for key, one in poisoned.items() if one.poison == "a fault in routing")


async def replayed(sent: Sequence[Sent], folder: Path) -> tuple[str, ...]:
    """Replay what was mended, as an operator does; return the command that replays the corrections once more."""
    corrections = folder / "corrections.ndjson"
    by_body = {one.body.decode(): one for one in sent if one.poison in WRITTEN_ANEW}
    lines = []
    for letter in await shown("--service", "intake", "--stream", "CONTACTS"):
        one = by_body.get(letter["body"])
        if one is not None:  # a contact alone is enough where the envelope was sound
            body = one.data if one.poison == "no time" else one.meant.decode()
            lines.append(json.dumps({"id": letter["id"], "body": body}, ensure_ascii=False))
    corrections.write_text("\n".join(lines), encoding="utf-8")
    command = ("replay", "--from", str(corrections))
    await dlq(*command)
    for group in json.loads(await dlq("list", "--group", "--json")):
        await dlq("replay", "--cause", group["cause"], "--confirm", str(group["letters"]))
    return command


async def letters(*options: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(await dlq("list", "--json", *options))
    return found


async def shown(*options: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (await dlq("show", *options)).splitlines()]


async def dlq(*arguments: str) -> str:
    outcome = await yingda_beside("dlq", *arguments)
    assert outcome.code == 0, outcome.err
    return outcome.out
