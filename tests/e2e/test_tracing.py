"""One contact through the real suite is one trace in a real collector, and a collector can do the suite no harm."""

import asyncio
import json
import os
import re
import sys
import termios
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import pytest
from rich.cells import cell_len

from tests.collector import Collector, Received, collector
from tests.e2e.suite import Suite, contact, envelope, running_suite, written_lines
from tests.polling import until

pytestmark = pytest.mark.timeout(300)
"""A whole suite takes its time to start and to end where the machine has much else to do."""

RUSH_HOUR = "2026-11-23T10:00:00+08:00@1"
COLUMNS = 100
SERVICES = ("intake", "routing", "sla", "notify", "feedback")


@pytest.fixture(scope="module")
def receiver() -> Iterator[Collector]:
    with collector() as running:
        yield running


@pytest.fixture(scope="module")
async def suite(receiver: Collector) -> AsyncIterator[Suite]:
    # What the collector does not take within the timeout is lost: a second is soon over on a machine with much to do.
    patience = {"OTEL_BSP_SCHEDULE_DELAY": "50", "OTEL_EXPORTER_OTLP_TIMEOUT": "5"}
    async with running_suite(RUSH_HOUR, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url, **patience) as started:
        yield started


def lines(suite: Suite, event: str) -> list[dict[str, str]]:
    """Return what the services have logged of `event`."""
    found = []
    for name in SERVICES:
        logged = written_lines(suite.data / "logs" / f"{name}.log")
        found += [line for line in map(json.loads, filter(None, logged)) if line["event"].startswith(event)]
    return found


def page(url: str) -> str:
    with urllib.request.urlopen(url) as answer:
        return str(answer.read(), "utf-8")


async def on_a_terminal(suite: Suite, *arguments: str, code: int = 0) -> str:
    """Return what `yingda` shows on a terminal of so many columns, without what makes letters bold."""
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (50, COLUMNS))
    command = (sys.executable, "-m", "shared.cli.main", *arguments, "--data", str(suite.data))
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"} | {"TERM": "xterm"}
    process = await asyncio.create_subprocess_exec(*command, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    shown = await asyncio.to_thread(read_all, ours)
    os.close(ours)
    assert await process.wait() == code, shown
    return re.sub(r"\x1b\[[0-9;]*m", "", shown)


def read_all(terminal: int) -> str:
    found = b""
    with suppress(OSError):  # so a terminal ends when its last writer is gone
        while piece := os.read(terminal, 65_536):
            found += piece
    return found.decode()


async def through(suite: Suite, phone: str, **fields: str) -> str:
    """Send a contact and take it through its whole life; return its trace."""
    source_id = await suite.publish(contact(customer={"name": "孙丽", "phone": phone}), **fields)
    key = (await suite.event("workorder.opened", source_id=source_id))["data"]["work_order_id"]
    await suite.event("notification.sent", work_order_id=key, purpose="accepted")
    await suite.done("workorder.respond", "market-1", work_order_id=key, text="正在处理", audience="customer")
    await suite.done("workorder.resolve", "market-1", work_order_id=key, outcome="resolved", text="已换货")
    await suite.done("workorder.sign", "market-supervisor", work_order_id=key, approve=True)
    callback = (await suite.event("callback.scheduled", work_order_id=key))["data"]["callback_id"]
    answer = {"outcome": "reached", "solved": True, "score": 9, "satisfaction": "very_satisfied"}
    await suite.done("callback.record", "service-1", callback_id=callback, **answer)
    await suite.event("workorder.closed", work_order_id=key)
    await suite.until(lambda _: any(key in e["data"]["work_order_ids"] for e in suite.all("knowledge.drafted")))
    for metric in ("first_response", "resolution", "callback"):
        await suite.event("sla.met", subject_id=key, metric=metric)
    trace: str = (await suite.event("contact.registered", source_id=source_id))["traceparent"][3:35]
    return trace


def heard(suite: Suite, trace: str) -> set[str]:
    """Return the spans of the events of `trace` so far."""
    return {event["traceparent"][36:52] for event in suite.events if event["traceparent"][3:35] == trace}


def root_of(spans: dict[str, Received]) -> Received:
    """Return the one span that all others come from, by way of their parents."""
    roots = [span for span in spans.values() if span.parent not in spans]
    assert len(roots) == 1, roots
    return roots[0]


async def test_a_contact_is_one_connected_trace_from_its_arrival_to_knowledge(
    suite: Suite, receiver: Collector
) -> None:
    """R-OB-04: five services, every event a span, each under what caused it, and none begins before its cause ends."""
    trace = await through(suite, "13800138003")
    spans: dict[str, Received] = {}

    def every_event_is_a_span() -> bool:
        """Whatever sla, notify and feedback do beside one another, and whoever of the services sends its spans first."""
        nonlocal spans
        spans, events = receiver.of(trace), heard(suite, trace)
        return events <= set(spans) and len(set(spans) - events) == 1

    await until(every_event_is_a_span, 60, said="every event is a span, and all but one span an event")
    assert {root_of(spans).span} == set(spans) - heard(suite, trace)
    assert root_of(spans).name == "contact.received"
    assert {span.service for span in spans.values()} == set(SERVICES)
    under: dict[str, set[str]] = {}
    for span in spans.values():
        if span.parent:
            under.setdefault(span.name, set()).add(spans[span.parent].name)
            assert spans[span.parent].start <= span.start <= span.end
    assert under["contact.registered"] == {"contact.received"}
    assert under["workorder.opened"] == {"contact.registered"}
    assert under["workorder.assigned"] == under["workorder.responded"] == {"workorder.opened"}
    assert under["sla.started"] >= {"workorder.opened"}
    assert under["sla.met"] <= {name for name in under if name.startswith(("workorder.", "callback.", "notif"))}
    assert under["callback.scheduled"] <= {"workorder.signed", "workorder.confirmed"}
    assert "workorder.opened" in under["notification.sent"]
    assert under["knowledge.drafted"] <= {"workorder.closed", "workorder.opened"}
    assert all(span.attributes["messaging.system"] == "nats" for span in spans.values())
    text = json.dumps([span.attributes for span in spans.values()], ensure_ascii=False)
    assert not re.search("孙丽|13800138003|空调|已换货|正在处理", text)


async def test_the_whole_way_is_shown_with_times_in_a_terminal_of_100_columns(suite: Suite) -> None:
    """R-OB-04: from the contact to the callback, who and when, Chinese text intact; the same as JSON."""
    source_id = await suite.publish(contact(customer={"name": "钱勇", "phone": "13800138030"}))
    opened = (await suite.event("workorder.opened", source_id=source_id))["data"]
    key, number = opened["work_order_id"], opened["number"]
    await suite.event("sla.started", subject_id=key, metric="progress_update")
    await suite.event("notification.sent", work_order_id=key, purpose="accepted")
    wish = "已安排,明天上门换货,请您放心,师傅会提前半小时给您打电话"
    await suite.done("workorder.respond", "market-1", work_order_id=key, text=wish, audience="customer")
    await suite.event("sla.met", subject_id=key, metric="progress_update")
    told = json.loads(await on_a_terminal(suite, "workorder", "show", number, "--json"))
    (trace,) = {one["trace_id"] for one in told["way"] if one["trace_id"]}
    assert trace == (await suite.event("contact.registered", source_id=source_id))["traceparent"][3:35]
    firsts = list(dict.fromkeys(one["what"] for one in told["way"]))
    for causes in (  # and nothing more: sla, routing and notify do not wait for one another
        ["contact registered", "classified", "opened", "assigned", "responded"],
        ["contact registered", "clock started"],
        ["opened", "notice sent"],
    ):
        assert [what for what in firsts if what in causes] == causes
    assert {one["service"] for one in told["way"]} >= {"intake", "routing", "sla", "notify"}
    assert all(one["after_seconds"] >= 0 for one in told["way"][1:])
    assert told["notes"] == []
    page = await on_a_terminal(suite, "workorder", "show", number)
    assert max(map(cell_len, page.splitlines())) <= COLUMNS
    assert wish in re.sub(r"\s+", "", page)
    assert "first answer" in page
    assert trace in page
    nobody = await on_a_terminal(suite, "workorder", "show", "XR19000101001", code=1)
    assert nobody.split() == [
        "yingda:",
        *["There", "is", "no", "work", "order", "with", "the", "number", "XR19000101001."],
    ]


async def test_the_trace_of_an_adapter_is_kept_in_header_or_envelope_with_its_state(
    suite: Suite, receiver: Collector
) -> None:
    """W3C Trace Context: the attribute goes before the header; what is invalid begins anew; nothing is refused."""
    jetstream = suite.client.jetstream()
    header = {"Traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "tracestate": "shop=1"}
    body = envelope(contact(), "web", "traced-1")
    await jetstream.publish("yingda.contact.received.web", body, stream="CONTACTS", headers=header)
    attribute = f"00-{'c' * 32}-{'d' * 16}-01"
    both = json.dumps({**json.loads(envelope(contact(), "web", "traced-2")), "traceparent": attribute}).encode()
    await jetstream.publish("yingda.contact.received.web", both, stream="CONTACTS", headers=header)
    wrong = json.dumps({**json.loads(envelope(contact(), "web", "traced-3")), "traceparent": "00-0-0-0"}).encode()
    await jetstream.publish("yingda.contact.received.web", wrong, stream="CONTACTS", headers={"traceparent": "no"})
    first = await suite.event("workorder.opened", source_id="web/shop/traced-1")
    second = await suite.event("workorder.opened", source_id="web/shop/traced-2")
    third = await suite.event("workorder.opened", source_id="web/shop/traced-3")
    assert (first["traceparent"][3:35], first["tracestate"]) == ("a" * 32, "shop=1")
    assert (second["traceparent"][3:35], second.get("tracestate")) == ("c" * 32, None)
    assert third["traceparent"][3:35] not in {"a" * 32, "c" * 32}
    notice = await suite.event("notification.sent", work_order_id=first["data"]["work_order_id"])
    assert (notice["traceparent"][3:35], notice["tracestate"]) == ("a" * 32, "shop=1")
    spans = await receiver.until_connected("a" * 32, "contact.registered", "workorder.opened", "notification.sent")
    assert root_of(spans).parent == "b" * 16
    assert {span.state for span in spans.values()} == {"shop=1"}


async def test_a_step_is_linked_with_the_trace_of_the_desk_that_gave_the_command(
    suite: Suite, receiver: Collector
) -> None:
    """It stays in the trace of its contact all the same."""
    source_id = await suite.publish(contact(customer={"name": "何勇", "phone": "13800138020"}))
    opened = await suite.event("workorder.opened", source_id=source_id)
    key, trace = opened["data"]["work_order_id"], opened["traceparent"][3:35]
    command = {"command_id": "linked-1", "by": "market-1", "work_order_id": key, "text": "好的", "audience": "customer"}
    header = {"traceparent": f"00-{'e' * 32}-{'f' * 16}-01"}
    body = json.dumps(command).encode()
    reply = await suite.client.request("yingda.command.workorder.respond", body, timeout=60, headers=header)
    assert json.loads(reply.data)["ok"]
    spans = await receiver.until_it_has(trace, "workorder.responded")
    (responded,) = (span for span in spans.values() if span.name == "workorder.responded")
    assert responded.links == (f"{'e' * 32}-{'f' * 16}",)
    assert responded.parent == opened["traceparent"][36:52]


async def test_a_contact_delivered_again_and_events_replayed_make_no_second_trace(
    suite: Suite, receiver: Collector
) -> None:
    """R-IN-06."""
    body = contact(customer={"name": "吴磊", "phone": "13800138005"})
    source_id = await suite.publish(body, message_id="again")
    opened = await suite.event("workorder.opened", source_id=source_id)
    trace = opened["traceparent"][3:35]
    spans = await receiver.until_it_has(trace, "contact.received", "workorder.opened", "sla.started")
    jetstream = suite.client.jetstream()
    again = envelope(body, "web", "again")
    await jetstream.publish("yingda.contact.received.web", again, stream="CONTACTS")
    raw = await jetstream.get_last_msg("EVENTS", "yingda.event.workorder.opened")
    assert raw.data is not None
    assert (raw.headers or {})["traceparent"] == opened["traceparent"]
    await jetstream.publish("yingda.event.workorder.opened", raw.data, stream="EVENTS")
    fence = await suite.publish(contact(customer={"name": "郑云", "phone": "13800138006"}))
    after = await suite.event("workorder.opened", source_id=fence)
    await suite.event("notification.sent", work_order_id=after["data"]["work_order_id"])
    await receiver.until_it_has(after["traceparent"][3:35], "contact.received", "notification.sent")
    assert [span.name for span in receiver.spans].count("contact.received") == len(
        {span.trace for span in receiver.spans if span.name == "contact.received"}
    )
    assert {key: receiver.of(trace)[key] for key in spans} == spans
    assert [s.name for s in receiver.of(trace).values()].count("workorder.opened") == 1


async def test_a_collector_that_fails_hangs_or_is_gone_is_one_warning_and_no_delay(
    suite: Suite, receiver: Collector
) -> None:
    """The suite goes on; of each outage every service speaks once."""
    receiver.status = 500
    await through(suite, "13800138010")
    await until(lambda: {line["service"] for line in lines(suite, "traces are lost")} == set(SERVICES), 60)
    receiver.hold.clear()
    receiver.status = 200
    await through(suite, "13800138011")
    receiver.hold.set()
    receiver.close()
    await through(suite, "13800138012")
    said = [line["service"] for line in lines(suite, "traces are lost")]
    assert sorted(said) == sorted(SERVICES)
    assert not lines(suite, "some spans")
    told = await asyncio.to_thread(page, suite.endpoints["metrics"]["routing"])
    failed = re.search(r'yingda_trace_spans_total\{outcome="failed",service="routing"\} (\d+)', told)
    assert failed is not None
    assert int(failed.group(1)) > 0
