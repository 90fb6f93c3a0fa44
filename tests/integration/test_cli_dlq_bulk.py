"""Dead letters by the hundred: grouped, chosen by filters, counted before anything is done, and every act kept (R-IN-08)."""

import asyncio
import hashlib
import json
import sys
from asyncio.subprocess import DEVNULL
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared import metrics
from shared.bus.letter_acts import acts
from tests.command_line import Outcome, yingda_beside
from tests.integration.test_cli_letters import Clerk
from tests.integration.test_cli_letters import clerk as clerk


async def dlq(*arguments: str, code: int = 0) -> Outcome:
    outcome = await yingda_beside("dlq", *arguments)
    assert outcome.code == code, outcome
    return outcome


async def groups(*arguments: str) -> dict[str, dict[str, object]]:
    found = json.loads((await dlq("list", "--group", "--json", *arguments)).out)
    return {group["reason"]: group for group in found}


async def history(*arguments: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads((await dlq("history", "--json", *arguments)).out)
    return found


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An editor that makes `monthly` of `refused`; what it was given is kept."""
    script = tmp_path / "editor.sh"
    script.write_text(f'#!/bin/sh\ncp "$1" {tmp_path}/given\nsed -i s/refused/monthly/ "$1"\n')
    script.chmod(0o700)
    monkeypatch.setenv("VISUAL", str(script))
    return tmp_path / "given"


async def elsewhere(*arguments: str) -> int:
    """Return the exit code of `yingda` in a process of its own: two in this one would take each other's output."""
    command = (sys.executable, "-m", "shared.cli.main", *arguments)
    process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL, stderr=DEVNULL)
    return await process.wait()


async def fill(clerk: Clerk, *names: str) -> None:
    for name in names:
        await clerk.publish(name)
    await clerk.consume(len(names))


async def test_letters_of_one_fault_are_one_group_with_one_of_them_to_look_at(clerk: Clerk) -> None:
    await fill(clerk, "refused", "poison", "refused", "refused", "poison")
    found = await groups()
    assert {reason: group["letters"] for reason, group in found.items()} == {
        "the report has no such name": 3,
        "the handler failed: ValueError": 2,
    }
    refused = found["the report has no such name"]
    assert refused["subjects"] == ["yingda.event.report.published"]
    (example,) = await clerk.letters(str(refused["example"]))
    assert example["cause"] == refused["cause"]
    assert example["received_at"] == refused["last"]
    shown = await dlq("list", "--group")
    assert shown.lines[0].split() == ["cause", "letters", "service", "first", "last", "example", "subjects", "reason"]
    assert shown.lines[1].split()[:3] == [str(refused["cause"]), "3", "clerk"]


async def test_every_filter_chooses(clerk: Clerk) -> None:
    await fill(clerk, "refused", "poison", "refused")
    cause = str((await groups())["the handler failed: ValueError"]["cause"])
    chosen = {
        ("--service", "clerk"): 3,
        ("--stream", "events"): 3,
        ("--stream", "CONTACTS"): 0,
        ("--subject", "report.*"): 3,
        ("--subject", "yingda.event.report.published"): 3,
        ("--subject", "report"): 0,
        ("--channel", "web"): 0,
        ("--saying", "NO SUCH name"): 2,
        ("--saying", "%"): 0,
        ("--cause", cause): 1,
        ("--since", "1h"): 3,
        ("--until", "1h"): 0,
        ("--until", "2999-01-01T00:00:00+08:00"): 3,
        ("--state", "discarded"): 0,
        ("clerk:1", "clerk:3"): 2,
        ("clerk:1", "clerk:2", "--cause", cause): 1,
    }
    for options, count in chosen.items():
        assert len(await clerk.letters(*options)) == count, options


async def test_a_bulk_replay_is_counted_first_and_has_each_effect_once(clerk: Clerk) -> None:
    await fill(clerk, *["poison"] * 5, "refused")
    clerk.healed = True
    chosen = ("--saying", "ValueError")
    looked = await dlq("replay", *chosen, "--dry-run")
    assert looked.lines[-1] == "5 dead letters would be meant; to replay them: the same with --confirm 5"
    unsure = await dlq("replay", *chosen, code=2)
    assert unsure.err == "yingda: 5 dead letters are meant: to replay them, repeat this with --confirm 5\n"
    assert "nothing was done" in (await dlq("replay", *chosen, "--confirm", "6", code=1)).err
    assert await history() == []
    await dlq("replay", *chosen, "--confirm", "5", "--by", "night shift")
    await clerk.consume(5)
    assert clerk.applied == ["poison"] * 5
    assert "nothing to replay" in (await dlq("replay", *chosen, "--confirm", "5")).out
    again = [f"clerk:{n}" for n in range(1, 6)]
    assert (await dlq("replay", *again)).lines == [f"{letter_id} is replayed" for letter_id in again]
    await clerk.consume(5)
    assert clerk.applied == ["poison"] * 5
    told = await history()
    assert [act["act"] for act in told] == ["replay"] * 10
    assert {act["selection"] for act in told[:5]} == {"--saying ValueError"}
    assert told[0]["by"].startswith("night shift (")
    assert all(act["before"] == act["after"] for act in told)
    assert len(await clerk.letters()) == 1


async def test_a_bulk_discard_gives_its_reason_to_each_and_can_be_undone(clerk: Clerk) -> None:
    await fill(clerk, "refused", "refused", "poison")
    await dlq("discard", "--saying", "no such name", "--reason", "a load test", "--confirm", "2")
    assert [letter["id"] for letter in await clerk.letters()] == ["clerk:3"]
    notes = [(letter["note"], letter["state"]) for letter in await clerk.letters("--state", "discarded")]
    assert notes == [("a load test", "discarded")] * 2
    refused = await dlq("replay", "clerk:1", "clerk:3", code=1)
    assert refused.out == "clerk:3 is replayed\n"
    assert "`yingda dlq reopen clerk:1` undoes that" in refused.err
    await dlq("reopen", "clerk:1", "--reason", "it was a customer")
    assert "clerk:3 is replayed, not discarded" in (await dlq("reopen", "clerk:3", "--reason", "x", code=1)).err
    assert [letter["id"] for letter in await clerk.letters()] == ["clerk:1"]
    told = [(act["act"], act["letter"], act["note"]) for act in await history()]
    assert told == [
        ("discard", "clerk:1", "a load test"),
        ("discard", "clerk:2", "a load test"),
        ("replay", "clerk:3", None),
        ("reopen", "clerk:1", "it was a customer"),
    ]
    assert [act["act"] for act in await history("clerk:1")] == ["discard", "reopen"]


async def test_many_are_corrected_from_the_lines_that_show_prints(clerk: Clerk, tmp_path: Path) -> None:
    await fill(clerk, "refused", "poison", "refused")
    lines = (await dlq("show", "--saying", "no such name")).out
    assert lines.count("\n") == 2
    corrections = tmp_path / "corrected.ndjson"
    corrections.write_text(lines.replace('\\"report\\":\\"refused\\"', '\\"report\\":\\"monthly\\"'), encoding="utf-8")
    await dlq("replay", "--from", str(corrections))
    await clerk.consume(2)
    assert clerk.applied == ["monthly", "monthly"]
    first, second = await history()
    kept = json.loads(lines.splitlines()[0])["body"]
    sent = json.loads(corrections.read_text().splitlines()[0])["body"]
    assert first["before"] == hashlib.sha256(kept.encode()).hexdigest()
    assert first["after"] == hashlib.sha256(sent.encode()).hexdigest()
    assert second["letter"] == "clerk:3"
    assert "line 1" in (await dlq("replay", "--from", __file__, code=2)).err


async def test_a_letter_is_corrected_in_the_operators_editor(
    clerk: Clerk, editor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(clerk, "refused")
    await dlq("replay", "clerk:1", "-e")
    await clerk.consume()
    assert clerk.applied == ["monthly"]
    assert editor.read_text().startswith('{\n  "specversion": "1.0",\n')
    monkeypatch.setenv("VISUAL", "true")
    assert "was not changed" in (await dlq("replay", "clerk:1", "-e", code=1)).err
    monkeypatch.setenv("VISUAL", "false")
    assert "ended with code 1" in (await dlq("replay", "clerk:1", "-e", code=1)).err
    monkeypatch.setenv("VISUAL", "no-such-editor")
    assert "does not start" in (await dlq("replay", "clerk:1", "-e", code=1)).err


async def test_a_correction_without_its_envelope_is_no_second_letter(clerk: Clerk, tmp_path: Path) -> None:
    """Known from before: a bare body was published as it was, and came back as a letter of its own."""
    await fill(clerk, "refused")
    kept = json.loads(json.loads((await dlq("show", "clerk:1")).out)["body"])
    bare = tmp_path / "bare.json"
    bare.write_text(json.dumps(kept["data"] | {"report": "monthly"}), encoding="utf-8")
    await dlq("replay", "clerk:1", "--edit", str(bare))
    await clerk.consume()
    assert clerk.applied == ["monthly"]
    assert await clerk.letters() == []
    assert "give that again, with --edit or --from" in (await dlq("replay", "clerk:1", code=1)).err
    bare.write_text('{"report": "monthly"}')
    assert "would fail again" in (await dlq("replay", "clerk:1", "--edit", str(bare), code=2)).err


async def test_two_operators_at_once_do_the_same_to_each_letter_once(clerk: Clerk) -> None:
    await fill(clerk, *["poison"] * 4)
    clerk.healed = True
    both = await asyncio.gather(
        *(elsewhere("dlq", "discard", "--service", "clerk", "--reason", who, "--confirm", "4") for who in "ab")
    )
    assert set(both) <= {0, 1}
    assert [act["letter"] for act in await history()] == [f"clerk:{n}" for n in range(1, 5)]


async def test_the_history_is_only_ever_added_to(clerk: Clerk) -> None:
    await fill(clerk, "refused")
    await dlq("discard", "clerk:1", "--reason", "x")
    for statement in ("UPDATE {} SET by = 'nobody'", "DELETE FROM {}", "TRUNCATE {}"):
        with pytest.raises(DBAPIError, match="only ever added"):
            async with clerk.engine.begin() as connection:
                await connection.execute(text(statement.format(acts.fullname)))
    assert len(await history()) == 1


async def test_nothing_is_done_without_a_way_to_keep_it(clerk: Clerk) -> None:
    await fill(clerk, "refused")
    async with clerk.engine.begin() as connection:
        await connection.execute(text(f"DROP SCHEMA {acts.schema} CASCADE"))
    for arguments in (("discard", "clerk:1", "--reason", "x"), ("replay", "clerk:1"), ("history",)):
        assert "run `yingda provision`" in (await dlq(*arguments, code=1)).err
    await clerk.provision()
    assert [letter["state"] for letter in await clerk.letters()] == ["open"]
    assert await history() == []


async def test_a_redelivery_is_no_second_dead_letter_in_the_metrics(clerk: Clerk) -> None:
    """Known from before: `dead_letters_total` counted every delivery."""

    def counted() -> tuple[float, float]:
        letters = metrics.DEAD_LETTERS.labels("clerk")._value.get()
        return letters, metrics.MESSAGES.labels("clerk", "rejected")._value.get()

    before = counted()
    await fill(clerk, "poison")
    subscription = await clerk.client.jetstream().pull_subscribe_bind("clerk", "EVENTS")
    await clerk.client.jetstream().delete_consumer("EVENTS", "clerk")
    await subscription.unsubscribe()
    await clerk.provision()
    await clerk.consume()
    assert [after - earlier for after, earlier in zip(counted(), before, strict=True)] == [1, 1]
    assert len(await clerk.letters()) == 1


async def test_the_same_message_published_again_is_no_second_letter_until_it_was_replayed(clerk: Clerk) -> None:
    """An adapter that repeats itself, or `yingda replay`: one fault is one letter, also after it was discarded."""
    await fill(clerk, "refused", "poison")
    bodies = [json.loads(line)["body"].encode() for line in (await dlq("show", "--service", "clerk")).out.splitlines()]

    async def again() -> list[str]:
        for body in bodies:
            await clerk.client.jetstream().publish("yingda.event.report.published", body, stream="EVENTS")
        await clerk.consume(2)
        return [str(letter["state"]) for letter in await clerk.letters("--all")]

    assert await again() == ["open", "open"]
    await dlq("discard", "clerk:2", "--reason", "x")
    assert await again() == ["open", "discarded"]
    await dlq("replay", "clerk:1")
    await clerk.consume()
    assert [letter["state"] for letter in await clerk.letters("--all")] == ["replayed", "discarded", "open"]


async def test_a_stream_that_began_anew_hides_no_letter(clerk: Clerk) -> None:
    """The place of the new message was that of an old letter: it was taken for a redelivery, and lost."""
    await fill(clerk, "refused")
    await clerk.begin_anew()
    await fill(clerk, "poison")
    assert [letter["sequence"] for letter in await clerk.letters()] == [1, 1]
