"""The export of traces: when it is on, what a span tells, and that a collector can do no harm (R-OB-04)."""

import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from structlog.testing import capture_logs

from shared import metrics
from shared.bus.transaction import Delivery, Incoming, Transaction
from shared.events import Message, decode
from shared.events.trace import first_trace, next_trace
from shared.testing.builders import opened_workorder, registered_contact
from shared.tracing import Tracing, start_tracing
from shared.tracing import tracing as tracing_module
from shared.tracing.queue import Limits
from shared.tracing.sampling import UnknownSamplerError, sampler_of
from shared.tracing.start import NOT_EXPORTED, NOT_INSTALLED
from shared.tracing.switch import bare, unusable, wanted
from tests.collector import Collector, collector
from tests.integration.runtime_probe import report
from tests.polling import until

LONG_AGO = datetime(2020, 2, 3, 9, 0, tzinfo=UTC)
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
PATIENCE_SECONDS = "5"


@pytest.fixture
def receiver() -> Iterator[Collector]:
    with collector() as running:
        yield running


@pytest.fixture
def environ(receiver: Collector, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mapping[str, str]]:
    """Variables as an operator sets them, with little patience; no thread goes on sending after the test.

    One that still asks a collector again draws its pauses by chance, which a property test beside it would be blamed for.
    """
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv(ENDPOINT, receiver.url)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", PATIENCE_SECONDS)
    yield os.environ
    receiver.hold.set()
    for thread in [thread for thread in threading.enumerate() if thread.name == "traces"]:
        thread.join(30)
        assert not thread.is_alive()


def tracing(environ: Mapping[str, str]) -> Tracing:
    found = start_tracing("auto", "routing", environ)
    assert found is not None
    return found


def transaction(*, asked: str | None = None) -> Transaction:
    connection: Any = None
    return Transaction(connection, LONG_AGO, "yingda/routing", asked=asked)


def contact(trace: str, number: int = 1) -> Incoming:
    message: Message[Any] = decode(
        b'{"specversion":"1.0","id":"%d","source":"web/shop","type":"yingda.contact.received.v1","data":{}}' % number,
        trace or None,
    )
    stored = str(time.time_ns() - 5_000_000)
    return Incoming(message, Delivery("CONTACTS", number, "yingda.contact.received.web", b"", stored))


def counted(outcome: str) -> float:
    found: float = metrics.TRACE_SPANS.labels("routing", outcome)._value.get()
    return found


def has_counted(outcome: str, spans: float) -> bool:
    return counted(outcome) == spans


@pytest.mark.parametrize(
    ("switch", "variables", "on"),
    [
        ("auto", {}, False),
        ("auto", {ENDPOINT: " "}, False),
        ("auto", {ENDPOINT: "http://c:4318"}, True),
        ("auto", {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, True),
        ("auto", {ENDPOINT: "http://c:4318", "OTEL_SDK_DISABLED": "True"}, False),
        ("auto", {ENDPOINT: "http://c:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
        ("off", {ENDPOINT: "http://c:4318"}, False),
        ("on", {}, True),
        ("on", {"OTEL_SDK_DISABLED": "true"}, True),
    ],
)
def test_the_standard_variables_switch_it_on_and_ours_has_the_last_word(
    switch: str, variables: dict[str, str], on: bool
) -> None:
    assert wanted(switch, variables) is on


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({}, None),
        ({ENDPOINT: "https://user:pass@c:4318/x"}, None),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, None),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "'grpc'"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"}, None),
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "'zipkin'"),
        ({ENDPOINT: "collector:4318"}, "no address"),
        ({ENDPOINT: "http://:4318"}, "no address"),
        ({ENDPOINT: "http://c:99999"}, "no address"),
        ({ENDPOINT: "http://[::1"}, "no address"),
    ],
)
async def test_variables_that_cannot_be_followed_are_one_sentence_and_no_failure(
    variables: dict[str, str], why: str | None
) -> None:
    reason = unusable(variables)
    assert (reason is None) if why is None else (why in str(reason))
    if why is not None:
        with capture_logs() as lines:
            assert start_tracing("on", "routing", variables) is None
        assert [(line["event"], line["why"]) for line in lines] == [(NOT_EXPORTED, reason)]


def test_a_log_names_the_collector_without_its_password() -> None:
    assert bare("https://user:pass@c:4318/x?key=1") == "https://c:4318/x"


async def test_off_loads_nothing_and_says_nothing() -> None:
    with capture_logs() as lines:
        assert start_tracing("auto", "routing", {}) is None
    assert lines == []


@pytest.mark.usefixtures("environ")
async def test_without_the_extra_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with capture_logs() as lines:
        assert start_tracing("auto", "routing") is None
    assert [(line["event"], line["why"]) for line in lines] == [(NOT_EXPORTED, NOT_INSTALLED)]


@pytest.mark.usefixtures("environ")
async def test_a_variable_that_opentelemetry_refuses_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_PYTHON_EXPORTER_OTLP_HTTP_TRACES_CREDENTIAL_PROVIDER", "nobody")
    with capture_logs() as lines:
        assert start_tracing("auto", "routing") is None
    (line,) = lines
    assert "OpenTelemetry refuses" in line["why"]


def test_the_limits_are_opentelemetrys_variables() -> None:
    given = {"OTEL_BSP_MAX_QUEUE_SIZE": "100", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "200", "OTEL_BSP_SCHEDULE_DELAY": "50"}
    assert Limits.of(given) == Limits(100, 100, 0.05)
    assert Limits.of({"OTEL_BSP_MAX_QUEUE_SIZE": "many", "OTEL_BSP_SCHEDULE_DELAY": "-1"}) == Limits()


async def test_every_event_is_a_span_under_what_caused_it(receiver: Collector, environ: Mapping[str, str]) -> None:
    traces, arrived = tracing(environ), contact("")
    tx = transaction(asked=next_trace(None))
    tx.batch = [arrived, contact("", 2)]
    first = tx.emit(registered_contact("c1"), subject="c1", cause=arrived.message)
    second = tx.emit(opened_workorder("w1"), subject="w1", cause=first)
    alone = tx.emit(report("monthly"), subject="monthly")
    traces.committed(tx)
    spans = await receiver.until_it_has(first.trace_id, "contact.received", "contact.registered", "workorder.opened")
    root = spans[arrived.message.trace[36:52]]
    registered, opened = spans[first.trace[36:52]], spans[second.trace[36:52]]
    assert (root.parent, registered.parent, opened.parent) == ("", root.span, registered.span)
    assert root.start < root.end == registered.start == tx.since <= registered.end
    assert opened.attributes["yingda.work_order_id"] == "w1"
    assert opened.attributes["messaging.batch.message_count"] == 2
    assert opened.attributes["messaging.message.id"] == second.key
    assert opened.attributes["yingda.time"] == "2020-02-03T09:00:00+00:00"
    assert opened.links == (f"{(tx.asked or '')[3:35]}-{(tx.asked or '')[36:52]}",)
    assert opened.resource["service.name"] == "yingda-routing"
    (own,) = (await receiver.until_it_has(alone.trace_id, "report.published")).values()
    assert own.parent == ""
    await traces.stop()


async def test_who_began_a_trace_is_not_told_of_a_beginning_of_ours(
    receiver: Collector, environ: Mapping[str, str]
) -> None:
    given = f"00-{'a' * 32}-{'b' * 16}-01 shop=1"
    traces, arrived = tracing(environ), contact(given)
    tx = transaction()
    tx.batch = [arrived]
    tx.emit(registered_contact("c1"), subject="c1", cause=arrived.message)
    traces.committed(tx)
    (span,) = (await receiver.until_it_has("a" * 32, "contact.registered")).values()
    assert (span.parent, span.state) == ("b" * 16, "shop=1")
    await traces.stop()


async def test_no_personal_data_leaves_with_a_span(receiver: Collector, environ: Mapping[str, str]) -> None:
    """R-IN-03: of a customer a span has ids only."""
    traces = tracing(environ)
    tx = transaction()
    event = registered_contact("c1")
    personal = [value for value in event.personal.model_dump().values() if value]
    assert len(personal) >= 3
    sent = tx.emit(event, subject="c1")
    traces.committed(tx)
    await receiver.until_it_has(sent.trace_id, "contact.registered")
    for value in personal:
        assert all(value.encode() not in body for body in receiver.bodies)
    await traces.stop()


async def test_a_trace_that_nobody_wants_recorded_is_not(receiver: Collector, environ: Mapping[str, str]) -> None:
    traces, tx = tracing(environ), transaction()
    unwanted = tx.emit(report("a"), subject="a", cause=f"00-{'a' * 32}-{'b' * 16}-00")
    seen = tx.emit(report("b"), subject="b")
    traces.committed(tx)
    await receiver.until_it_has(seen.trace_id, "report.published")
    assert not receiver.of(unwanted.trace_id)
    await traces.stop()


@pytest.mark.parametrize(
    ("name", "argument", "own", "given_on", "given_off"),
    [
        ("parentbased_always_off", "", "00", "01", "00"),
        ("parentbased_traceidratio", "0", "00", "01", "00"),
        ("parentbased_traceidratio", "", "01", "01", "00"),
        ("always_on", "", "01", "01", "01"),
        ("always_off", "", "00", "00", "00"),
        ("TraceIdRatio", "1.0", "01", "01", "01"),
    ],
)
def test_the_sampler_is_opentelemetrys(name: str, argument: str, own: str, given_on: str, given_off: str) -> None:
    sampled = sampler_of({"OTEL_TRACES_SAMPLER": name, "OTEL_TRACES_SAMPLER_ARG": argument})
    assert sampled is not None
    given = f"00-{'a' * 32}-{'b' * 16}-"
    decided = [sampled(contact(trace).message) for trace in ("", f"{given}01 s=1", f"{given}00")]
    assert [trace[53:55] for trace in decided] == [own, given_on, given_off]
    assert decided[1] == f"{given}{given_on} s=1"


def test_of_many_contacts_the_ratio_is_recorded_and_always_the_same_ones() -> None:
    sampled = sampler_of({"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25"})
    assert sampled is not None
    messages = [contact("", number).message for number in range(2_000)]
    kept = [message.id for message in messages if sampled(message).endswith("01")]
    assert 400 < len(kept) < 600
    assert kept == [message.id for message in messages if sampled(message).endswith("01")]


@pytest.mark.parametrize(("name", "argument"), [("often", ""), ("traceidratio", "2"), ("traceidratio", "half")])
async def test_an_unknown_sampler_is_one_sentence_and_all_is_recorded(
    name: str, argument: str, environ: Mapping[str, str]
) -> None:
    variables = {**environ, "OTEL_TRACES_SAMPLER": name, "OTEL_TRACES_SAMPLER_ARG": argument}
    with pytest.raises(UnknownSamplerError):
        sampler_of(variables)
    with capture_logs() as lines:
        traces = tracing(variables)
    assert traces.sampled is None
    assert [line["log_level"] for line in lines] == ["warning"]
    await traces.stop()


def test_nothing_is_asked_where_everything_is_recorded_anyway() -> None:
    assert sampler_of({}) is None
    assert sampler_of({"OTEL_TRACES_SAMPLER": "parentbased_always_on"}) is None


async def test_a_collector_that_answers_nothing_costs_no_time_and_bounded_memory(
    receiver: Collector, environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-OB-04: what finds no room is counted and forgotten; the rest arrives when the collector is back."""
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "100")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10")
    dropped, exported = counted("dropped"), counted("exported")
    receiver.hold.clear()
    traces = tracing(environ)
    for _ in range(50):
        tx = transaction()
        for number in range(20):
            tx.emit(report(str(number)), subject="r")
        traces.committed(tx)
    assert len(traces._queue._waiting) <= 100
    assert counted("dropped") - dropped >= 1000 - 100 - 10
    receiver.hold.set()
    await until(lambda: counted("dropped") - dropped + counted("exported") - exported == 1000, 60)
    assert len(receiver.spans) == counted("exported") - exported
    await traces.stop()


async def test_one_warning_for_an_outage_and_one_line_when_it_is_over(
    receiver: Collector, environ: Mapping[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    receiver.status = 500
    failed = counted("failed")
    with capture_logs() as lines:
        traces = tracing(environ)
        for number in range(1, 4):
            tx = transaction()
            tx.emit(report("a"), subject="a")
            traces.committed(tx)
            await until(partial(has_counted, "failed", failed + number), 60)
        assert [line["log_level"] for line in lines] == ["warning"]
        assert lines[0]["to"] == receiver.url
        receiver.status = 200
        traces.committed(tx)
        await until(lambda: [line["log_level"] for line in lines] == ["warning", "info"], 60)
        receiver.status = 500  # it comes and goes: that is said no more often
        traces.committed(tx)
        await until(partial(has_counted, "failed", failed + 4), 60)
        await traces.stop()
        assert len(lines) == 2
    assert capfd.readouterr().err == "", "and OpenTelemetry says nothing of its own"


async def test_a_collector_that_is_away_is_one_warning_and_stopping_takes_no_time(
    receiver: Collector, environ: Mapping[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    receiver.close()
    with capture_logs() as lines:
        traces = tracing({**environ})
        tx = transaction()
        tx.emit(report("a"), subject="a")
        traces.committed(tx)
        began = time.monotonic()
        await traces.stop()
        assert time.monotonic() - began < 2 + tracing_module.LAST_SECONDS, "far less than it waits for a collector"
    assert all(line["log_level"] == "warning" for line in lines)
    assert capfd.readouterr().err == ""


async def test_what_waits_is_sent_before_the_service_is_gone(
    receiver: Collector, environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "60000")
    monkeypatch.setattr(tracing_module, "LAST_SECONDS", 30.0)
    traces, tx = tracing(environ), transaction()
    sent = tx.emit(report("last"), subject="last")
    traces.committed(tx)
    assert not receiver.spans
    await traces.stop()
    assert set(receiver.of(sent.trace_id)) == {sent.trace[36:52]}


async def test_a_transaction_that_tracing_cannot_read_is_committed_all_the_same(environ: Mapping[str, str]) -> None:
    traces, tx = tracing(environ), transaction()
    broken: Any = object()
    tx.emitted.append(broken)
    with capture_logs() as lines:
        traces.committed(tx)
        traces.committed(tx)
    assert [line["why"] for line in lines] == ["AttributeError"]
    await traces.stop()


def test_the_beginning_of_a_trace_is_known_by_its_contact_alone() -> None:
    assert contact("").message.trace == first_trace("web/shop/1")
