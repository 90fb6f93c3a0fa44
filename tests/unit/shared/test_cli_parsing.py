"""What the command line reads: contact files, event patterns, durations, ids of dead letters; the pauses of restarts."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cli.contact_file import read_contacts
from shared.cli.errors import WrongUse
from shared.cli.event_stream import subject_of
from shared.cli.events import duration
from shared.cli.keeping import LONGEST_PAUSE_SECONDS, STABLE_SECONDS, Pauses
from shared.cli.letter_selection import split_id
from shared.cli.log_files import LOG_LIMIT_BYTES, last_line, rotate
from shared.events import decode

CONTACT: dict[str, Any] = {
    "occurred_at": "2026-11-23T10:15:00+08:00",
    "text": "空调不制冷",
    "customer": {"name": "王芳"},
}


def test_a_bare_contact_gets_an_envelope_with_an_id_from_its_content() -> None:
    (first,) = read_contacts("web", json.dumps(CONTACT))
    (again,) = read_contacts("web", json.dumps(dict(reversed(CONTACT.items())), indent=2, ensure_ascii=False))
    (elsewhere,) = read_contacts("app", json.dumps(CONTACT))
    assert first.message_id == again.message_id != elsewhere.message_id
    message = decode(first.body)
    assert first.subject == "yingda.contact.received.web"
    assert (message.source, message.key, dict(message.data)) == ("cli/web", first.message_id, CONTACT)
    assert message.time == datetime(2026, 11, 23, 2, 15, tzinfo=UTC)


def test_the_senders_own_id_is_kept() -> None:
    assert read_contacts("phone", json.dumps(CONTACT | {"id": "call-17"}))[0].message_id == "cli/phone/call-17"
    envelope: dict[str, Any] = {
        "specversion": "1.0",
        "id": "m1",
        "source": "web/shop",
        "type": "yingda.contact.received.v1",
    }
    envelope |= {"time": "2026-11-23T02:15:00Z", "data": CONTACT}
    assert read_contacts("web", json.dumps(envelope))[0].message_id == "web/shop/m1"


@pytest.mark.parametrize("form", ["list", "lines"])
def test_many_contacts_come_as_a_list_or_one_a_line(form: str) -> None:
    many = [CONTACT | {"text": f"{n}"} for n in range(5)]
    content = json.dumps(many) if form == "list" else "\n\n".join(map(json.dumps, many)) + "\n"
    messages = read_contacts("web", content)
    assert [decode(message.body).data["text"] for message in messages] == list("01234")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "not JSON"),
        ("[]", "no contact"),
        ("[1]", "a JSON object"),
        ("not json", "not JSON"),
        ('{"text": "a"}\n{"text": \n', "line 2 is not JSON"),
        ('[{"text": "a"}, {"specversion": "1.0"}]', "contact 2: the envelope is not CloudEvents"),
        (json.dumps({"text": "x" * 1_000_000}), "the stream takes 1000000"),
    ],
)
def test_a_file_that_cannot_be_sent_is_wrong_use(content: str, says: str) -> None:
    with pytest.raises(WrongUse, match=says):
        read_contacts("web", content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=5).filter(lambda value: "specversion" not in value))
def test_whatever_object_a_file_holds_is_sent_as_it_is_and_named_the_same_twice(contact: dict[str, Any]) -> None:
    first, second = (read_contacts("web", json.dumps(contact))[0] for _ in range(2))
    assert first.message_id == second.message_id
    assert decode(first.body).data == contact


@pytest.mark.parametrize(
    ("pattern", "subject"),
    [
        (None, "yingda.event.>"),
        ("", "yingda.event.>"),
        ("*", "yingda.event.>"),
        (">", "yingda.event.>"),
        ("workorder", "yingda.event.workorder.>"),
        ("workorder.*", "yingda.event.workorder.*"),
        ("sla.breached", "yingda.event.sla.breached"),
        ("*.opened", "yingda.event.*.opened"),
        ("yingda.event.sla.>", "yingda.event.sla.>"),
    ],
)
def test_patterns(pattern: str | None, subject: str) -> None:
    assert subject_of(pattern) == subject


@pytest.mark.parametrize("pattern", ["a b", ">.a", "work..order", "Workorder.opened", "a.>.b"])
def test_what_is_no_pattern_is_wrong_use(pattern: str) -> None:
    with pytest.raises(WrongUse):
        subject_of(pattern)


def test_durations() -> None:
    assert [duration(text) for text in ("30s", "10m", "2h", "1d")] == [
        timedelta(seconds=30),
        timedelta(minutes=10),
        timedelta(hours=2),
        timedelta(days=1),
    ]
    for text in ("10", "m", "1w", "-1m", ""):
        with pytest.raises(WrongUse):
            duration(text)


def test_ids_of_dead_letters() -> None:
    assert split_id("intake:12") == ("intake", 12)
    for text in ("12", "intake", "intake:", ":12", "intake:x", "intake:-1"):
        with pytest.raises(WrongUse):
            split_id(text)


def test_the_pause_before_a_restart_doubles_to_ten_seconds_and_begins_anew_after_a_minute_of_life() -> None:
    pauses = Pauses()
    assert [pauses.after(1) for _ in range(8)] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10]
    assert pauses.after(STABLE_SECONDS) == 0.2
    assert pauses.after(STABLE_SECONDS - 1) == 0.4
    assert LONGEST_PAUSE_SECONDS == 10


def test_a_log_that_has_grown_too_long_is_begun_anew(tmp_path: Path) -> None:
    log = tmp_path / "sla.log"
    rotate(log)
    log.write_bytes(b"x" * LOG_LIMIT_BYTES)
    rotate(log)
    assert log.exists()
    log.write_bytes(b"x" * (LOG_LIMIT_BYTES + 1))
    rotate(log)
    assert [path.name for path in tmp_path.iterdir()] == ["sla.log.1"]


def test_the_last_line_of_a_log_is_that_of_this_run(tmp_path: Path) -> None:
    log = tmp_path / "sla.log"
    log.write_text("an earlier run\n")
    begin = log.stat().st_size
    assert last_line(log, begin) == "it wrote no log"
    log.write_text("an earlier run\nyingda: the policy has a fault\n\n")
    assert last_line(log, begin) == "the policy has a fault"
