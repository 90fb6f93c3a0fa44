"""An event that looks as this suite writes it is read in a shorter way, which comes to the very same as the longer one."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contract.schemas import schema_of
from shared.events import EVENT_TYPES, Event, Malformed, compose, decode_event, encode, envelope
from tests.contract.test_events import example

NOW = datetime(2026, 11, 23, 2, 15, tzinfo=UTC)
TRACE = f"00-{'a' * 32}-{'b' * 16}-01"

words = st.sampled_from(
    ["", "1", "1.0", "true", "NaN", "web", "calm", "normal", "\0", "😀", "1795400100", "2026-11-23T10:15:00.25+08:00"]
)
numbers = st.integers(-(10**30), 10**30) | st.floats() | st.sampled_from([0, 1, 1.0, 1795400100, 1795400100.5])
values = st.recursive(
    st.none() | st.booleans() | numbers | words | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words | st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@cache
def written(kind: str) -> bytes:
    schema = schema_of(EVENT_TYPES[kind], "validation")
    event: Event = EVENT_TYPES[kind].model_validate(example(schema, schema))
    return encode(compose(event, source="yingda/test", subject="entity-1", at=NOW, traceparent=TRACE))


def read(body: bytes) -> tuple[Any, ...]:
    """Return all that is known of `body`, but not the column at which it is no JSON."""
    try:
        message = decode_event(body)
    except Malformed as error:
        return re.sub(r"column \d+", "", error.reason), error.faults, error.source_id
    if message is None:
        return ()
    return repr(message), message.data.model_fields_set


def read_both_ways(body: bytes) -> None:
    """One more space is the same JSON, and not how this suite writes it."""
    assert read(body) == read(body + b" ")


@pytest.mark.parametrize("kind", sorted(EVENT_TYPES))
def test_what_this_suite_writes_is_read_in_the_shorter_way(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body = written(kind)
    read_both_ways(body)
    monkeypatch.setattr(envelope, "decode", None)
    assert decode_event(body) is not None


@given(st.data())
def test_data_of_any_kind_is_taken_or_refused_as_in_the_longer_way(data: st.DataObject) -> None:
    body = written(data.draw(st.sampled_from(sorted(EVENT_TYPES))))
    start = body.index(b'"data":') + len(b'"data":')
    held = json.loads(body[start:-1])
    names = st.sampled_from(sorted(held)) | st.text(max_size=5)
    fields = list(held.items()) + data.draw(st.lists(st.tuples(names, values), min_size=1, max_size=3))
    dumped = ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in fields)  # some of them twice
    read_both_ways(body[:start] + b"{" + dumped.encode() + b"}}")


@given(st.data())
def test_attributes_of_any_kind_are_taken_or_refused_as_in_the_longer_way(data: st.DataObject) -> None:
    attributes = json.loads(written("yingda.sla.met.v1"))
    name = data.draw(st.sampled_from(sorted(attributes)))
    value = data.draw(
        values | st.sampled_from([TRACE, "2026-02-30T02:15:00Z", "2026-11-23T02:15Z", "x" * 500, "x" * 501])
    )
    read_both_ways(json.dumps(attributes | {name: value}, separators=(",", ":")).encode())


@pytest.mark.parametrize("end", [b"", b"}}", b',"id":"other"}', b',"data":{}}', b',"tracestate":"a=1"}', b"\xff}"])
def test_whatever_stands_behind_the_data_is_not_overlooked(end: bytes) -> None:
    read_both_ways(written("yingda.sla.met.v1")[:-1] + end)


@given(st.integers(min_value=0), st.binary(max_size=4))
def test_bytes_in_any_place_are_taken_or_refused_as_in_the_longer_way(place: int, others: bytes) -> None:
    body = bytearray(written("yingda.sla.met.v1"))
    place %= len(body)
    body[place : place + len(others)] = others
    read_both_ways(bytes(body))
