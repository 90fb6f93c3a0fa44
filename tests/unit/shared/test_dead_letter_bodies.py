"""What an operator writes becomes a message with the letter's identity, or is refused at once (R-IN-08)."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.cli.errors import WrongUse
from shared.cli.letter_body import corrected, editable
from shared.cli.letters import Letter
from shared.events import decode

CONTACT = {"occurred_at": "2026-11-23T10:00:00+08:00", "text": "你好", "customer": {"phone": "13800138000"}}
ENVELOPE = {
    "specversion": "1.0",
    "id": "order-7",
    "source": "web/shop",
    "type": "yingda.contact.received.v1",
    "time": "2026-11-23T02:00:00Z",
    "subject": "order-7",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
}


def letter(body: bytes, stream: str = "CONTACTS", subject: str = "yingda.contact.received.web") -> Letter:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    return Letter("intake:12", "intake", "open", subject, None, "why", (), stream, 5, at, 0, None, None, None, body)


def written(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def test_a_contact_alone_gets_the_envelope_of_its_letter() -> None:
    """It became a second dead letter: "the envelope is not CloudEvents 1.0"."""
    kept = written(ENVELOPE | {"data": CONTACT | {"occurred_at": "yesterday"}})
    message = decode(corrected(letter(kept), written(CONTACT)))
    assert message.key == "web/shop/order-7"
    assert message.data == CONTACT
    assert message.trace_id == "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize(
    "kept",
    [
        b"not json",
        b"[]",
        b'{"id": 7, "source": "a\\u0000b", "traceparent": "x"}',
        written({**ENVELOPE, "id": "", "source": "", "time": "soon"}),
    ],
)
def test_an_envelope_that_cannot_be_read_is_completed_always_in_the_same_way(kept: bytes) -> None:
    """Replaying twice has its effect once also for a body that nobody could read."""
    first, second = (decode(corrected(letter(kept), written(CONTACT))) for _ in range(2))
    assert first.key == second.key
    assert first.source == "dlq/intake"


def test_what_can_be_read_of_an_envelope_is_kept() -> None:
    message = decode(corrected(letter(written({"source": "web/shop", "id": "order-7"})), written(CONTACT)))
    assert message.key == "web/shop/order-7"


def test_a_whole_message_is_taken_word_for_word() -> None:
    whole = written(ENVELOPE | {"data": CONTACT})
    assert corrected(letter(b"x"), b"  " + whole + b"\n") == whole


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"  \n", "is empty"),
        (b"{", "is not JSON"),
        (b"[]", "is not a JSON object"),
        (written({**ENVELOPE, "id": None, "data": CONTACT}), "id is required"),
        (written({"source": "web/shop", "id": "7", "type": "x", "data": CONTACT}), "specversion must be"),
        (written({**CONTACT, "text": ""}), "text"),
        (written({**CONTACT, "occurred_at": "yesterday"}), "occurred_at"),
        (written({**CONTACT, "attachments": ["x" * 1_000_000]}), "bytes"),
    ],
)
def test_a_correction_that_would_fail_again_is_refused(text: bytes, says: str) -> None:
    kept = letter(written(ENVELOPE | {"data": {}}))
    with pytest.raises(WrongUse, match="intake:12") as refused:
        corrected(kept, text)
    assert says in str(refused.value)


def test_an_event_must_be_what_its_type_says() -> None:
    report = {"report": "monthly", "period_start": "2026-11-01T00:00:00Z", "period_end": "2026-12-01T00:00:00Z"}
    kept = written({**ENVELOPE, "type": "yingda.report.published.v1", "data": {"report": 7}})
    event = letter(kept, "EVENTS", "yingda.event.report.published")
    assert decode(corrected(event, written({**report, "uri": "file:///r"}))).type == "yingda.report.published.v1"
    with pytest.raises(WrongUse, match="uri"):
        corrected(event, written(report))
    with pytest.raises(WrongUse, match="write the whole message"):
        corrected(letter(b"?", "EVENTS", "yingda.event.report.published"), written(report))


def test_an_editor_shows_json_on_many_lines_and_anything_else_as_it_came() -> None:
    assert editable(letter(written({"a": {"b": "中"}}))) == '{\n  "a": {\n    "b": "中"\n  }\n}\n'.encode()
    assert editable(letter(b"{not json")) == b"{not json"
