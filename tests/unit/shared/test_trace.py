"""W3C Trace Context as the suite reads, hands on and writes it (R-OB-04)."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json, to_json

from shared.bus.packing import packed, unpacked
from shared.bus.publish import Outgoing
from shared.events import compose, decode, decode_event, encode
from shared.events.trace import (
    LONG_MEMBER,
    MOST_MEMBERS,
    STATE_LIMIT,
    first_trace,
    is_sampled,
    next_trace,
    trace_of,
    with_sampled,
)
from tests.integration.runtime_probe import NOW, report

ID, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
GIVEN = f"00-{ID}-{SPAN}-01"
WELL_FORMED = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]( .+)?")


@pytest.mark.parametrize(
    ("given_", "read"),
    [
        (GIVEN, GIVEN),
        (f"00-{ID}-{SPAN}-00", f"00-{ID}-{SPAN}-00"),
        (f"00-{ID}-{SPAN}-03", f"00-{ID}-{SPAN}-03"),
        (f"00-{ID}-{SPAN}-ff", f"00-{ID}-{SPAN}-03"),  # flags that nobody knows yet are not handed on
        (f"01-{ID}-{SPAN}-01", GIVEN),
        (f"cc-{ID}-{SPAN}-01-what-the-future-will-be-like", GIVEN),
    ],
)
def test_a_traceparent_of_any_version_is_taken_as_one_of_ours(given_: str, read: str) -> None:
    assert trace_of(given_) == read


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        7,
        "",
        GIVEN + "\n",
        " " + GIVEN,
        GIVEN.upper(),
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{ID}-{'0' * 16}-01",
        f"ff-{ID}-{SPAN}-01",
        f"00-{ID}-{SPAN}-01-more",
        f"cc-{ID}-{SPAN}-01.more",
        f"00-{ID}-{SPAN}-1",
        f"00-{ID[1:]}-{SPAN}-01",
        GIVEN.replace("-", "_"),
        [GIVEN],
    ],
)
def test_what_is_no_traceparent_counts_as_none(wrong: Any) -> None:
    assert trace_of(wrong, "shop=1") is None


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("shop=t61rcWkgMzE", "shop=t61rcWkgMzE"),
        ("a=1 , \tb=2,,", "a=1,b=2"),
        ("tenant@system=x,0a@b=y,a/b*c-d_e=z", "tenant@system=x,0a@b=y,a/b*c-d_e=z"),
        (",".join(f"k{n}=v" for n in range(MOST_MEMBERS)), ",".join(f"k{n}=v" for n in range(MOST_MEMBERS))),
        (",".join(f"k{n}=v" for n in range(MOST_MEMBERS + 1)), ""),
        ("A=1", ""),
        ("a", ""),
        ("a=1,b=值", ""),
        ("a=b=c", ""),
        ("", ""),
        (None, ""),
        (5, ""),
        ("a=" + "v" * 9_000, ""),
        (f"a={'v' * 200},b={'w' * 200},c={'x' * 200},d=1", "d=1"),
        (",".join(f"k{n}={'v' * 60}" for n in range(10)), ",".join(f"k{n}={'v' * 60}" for n in range(8))),
    ],
)
def test_a_tracestate_is_handed_on_within_its_limits_or_not_at_all(given_: Any, kept: str) -> None:
    assert trace_of(GIVEN, given_) == f"{GIVEN} {kept}".rstrip()
    assert len(kept) <= STATE_LIMIT
    assert LONG_MEMBER < 200


@given(st.one_of(st.none(), st.text(), st.binary()), st.one_of(st.none(), st.text(max_size=600), st.integers()))
def test_nothing_that_a_stranger_sends_is_a_failure(parent: object, state: object) -> None:
    for one in (trace_of(parent, state), trace_of(GIVEN, state)):
        assert one is None or WELL_FORMED.fullmatch(one)


@given(st.text(min_size=1))
def test_a_message_without_a_trace_always_gets_the_same(key: str) -> None:
    key = key.encode(errors="replace").decode()
    assert first_trace(key) == first_trace(key) == trace_of(first_trace(key))
    assert first_trace(key) != first_trace(key + "1")


def test_what_follows_has_a_span_of_its_own_in_the_same_trace_with_flag_and_state() -> None:
    cause = f"00-{ID}-{SPAN}-00 shop=1"
    after = next_trace(cause)
    assert (after[:36], after[52:]) == (cause[:36], cause[52:])
    assert after[36:52] != SPAN
    assert trace_of(next_trace(None)) is not None
    assert next_trace("")[3:35] != next_trace(None)[3:35]


@pytest.mark.parametrize(("flags", "sampled"), [("00", False), ("01", True), ("02", False), ("03", True)])
def test_the_decision_to_record_is_one_flag_of_it(flags: str, sampled: bool) -> None:
    trace = f"00-{ID}-{SPAN}-{flags} shop=1"
    assert is_sampled(trace) is sampled
    assert with_sampled(trace, sampled) == trace
    assert is_sampled(with_sampled(trace, not sampled)) is not sampled
    assert with_sampled(with_sampled(trace, not sampled), sampled) == trace


@pytest.mark.parametrize("trace", [GIVEN, f"{GIVEN} shop=1,b=2"])
def test_an_event_tells_its_trace_in_the_envelope_the_headers_and_the_outbox(trace: str) -> None:
    message = compose(report("a"), source="yingda/feedback", subject="a", at=NOW, traceparent=trace)
    body = encode(message)
    told = from_json(body)
    assert f"{told['traceparent']} {told.get('tracestate', '')}".strip() == message.trace
    assert message.parent == trace
    again = decode_event(body)
    assert again is not None
    assert (again.trace, again.traceparent, again.tracestate) == (message.trace, message.traceparent, trace[56:])
    (row,) = packed([Outgoing(message.key, message.data.SUBJECT, body, message.trace)])
    (kept,) = unpacked(row["body"])
    headers = kept.headers()
    assert headers["traceparent"] == told["traceparent"]
    assert headers.get("tracestate") == told.get("tracestate")


@pytest.mark.parametrize("wrong", [None, "", 7, "00-xyz", {"a": 1}])
@pytest.mark.parametrize("header", [None, GIVEN])
def test_the_envelope_goes_before_the_header_and_both_before_what_is_derived(wrong: Any, header: str | None) -> None:
    envelope = {"specversion": "1.0", "id": "7", "source": "web/shop", "type": "x.y", "data": {}, "traceparent": wrong}
    assert decode(to_json(envelope), header).trace == header or first_trace("web/shop/7")
    own = GIVEN.replace("b7", "c7")
    assert decode(to_json(envelope | {"traceparent": own}), header).trace == own
