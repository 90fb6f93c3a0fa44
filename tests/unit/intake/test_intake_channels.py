"""The channels that ship with intake read the generic form of the contract (R-IN-01, R-IN-02)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json

from services.intake.domain.customer_file import CustomerFile
from services.intake.domain.registration import register
from services.intake.ports import Aside, Channel, Unreadable
from shared.events import CallFigures, Contact, PhoneContact
from shared.events.storable import storable
from shared.policy import load_policy
from tests.plugins import built_in_channels

CHANNELS = built_in_channels()
POLICY = load_policy()
BUILT_IN = ("web", "app", "walk_in", "phone", "email", "wechat", "weibo", "sms")
EXAMPLE: dict[str, Any] = {
    "occurred_at": "2026-11-23T10:15:00+08:00",
    "text": "我上周买的空调不制冷,要求换货",
    "customer": {
        "name": "王芳",
        "honorific": "女士",
        "phone": "13800138000",
        "email": None,
        "company": None,
        "address": None,
        "type": "individual",
        "tier": "returning",
        "industry": None,
        "member_no": None,
    },
    "category": None,
    "topic": None,
    "details": {"product_name": "空调", "order_no": "2024051800123"},
    "emotion": "calm",
    "agent_id": None,
    "duration_seconds": None,
    "attachments": [],
    "locale": "zh-CN",
}
MINIMAL = {"occurred_at": "2026-11-23T10:15:00+08:00", "text": "你好"}


def read(channel: str, **changes: Any) -> Contact:
    reading = CHANNELS[channel].read(EXAMPLE | changes)
    assert isinstance(reading, Contact), reading
    return reading


def refused(channel: str, data: Any) -> Unreadable:
    reading = CHANNELS[channel].read(data)
    assert isinstance(reading, Unreadable)
    return reading


def test_every_built_in_channel_is_found_by_its_entry_point() -> None:
    """R-IN-01: through the same door as a stranger's."""
    for name in BUILT_IN:
        assert isinstance(CHANNELS[name], Channel)
        assert CHANNELS[name].name == name


class Hotline:
    """A further channel: a telephone exchange that is not ours, with a form of its own."""

    name = "hotline"

    def read(self, data: Mapping[str, Any]) -> Contact:
        return PhoneContact(occurred_at=data["at"], text=data["said"], call=CallFigures(rings=data["rang"]))


def test_a_further_channel_gives_the_same_normal_form() -> None:
    """R-IN-01, R-IN-10: its contacts are calls like ours."""
    hotline = Hotline()
    assert isinstance(hotline, Channel)
    contact = hotline.read({"at": "2026-11-23T10:15:00+08:00", "said": "你好", "rang": 5})
    registered = register(contact, POLICY, contact_id="c", channel="hotline", source_id="s/1")
    assert (registered.contact.text, registered.told) == ("你好", CustomerFile())
    assert registered.call is not None
    assert registered.call.exceeded == ("rings",)


@pytest.mark.parametrize("channel", BUILT_IN)
def test_the_contract_example_is_read_exactly(channel: str) -> None:
    contact = read(channel)
    assert contact.occurred_at == datetime(2026, 11, 23, 2, 15, tzinfo=UTC)
    assert contact.text == EXAMPLE["text"]
    assert contact.customer.model_dump(include=EXAMPLE["customer"].keys()) == EXAMPLE["customer"]
    assert contact.details == EXAMPLE["details"]
    assert (contact.category, contact.topic, contact.emotion) == (None, None, "calm")


@pytest.mark.parametrize("channel", BUILT_IN)
def test_what_is_not_told_may_be_null_blank_or_absent(channel: str) -> None:
    """R-IN-04: only time and text are required."""
    nulls = dict.fromkeys(EXAMPLE, None) | MINIMAL
    assert CHANNELS[channel].read(nulls) == CHANNELS[channel].read(MINIMAL)
    blank = {"category": " ", "topic": "", "emotion": "", "agent_id": "", "locale": ""}
    assert CHANNELS[channel].read(MINIMAL | blank) == CHANNELS[channel].read(MINIMAL)


@pytest.mark.parametrize("channel", BUILT_IN)
def test_unknown_fields_are_kept(channel: str) -> None:
    contact = read(channel, utm="autumn", customer={"name": "李", "wechat": "li-1"})
    registered = register(contact, POLICY, contact_id="c", channel=channel, source_id="s/1")
    assert registered.extra == {"utm": "autumn", "customer": {"wechat": "li-1"}}
    assert registered.details == EXAMPLE["details"] | registered.extra


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"occurred_at": None}, "occurred_at"),
        ({"occurred_at": "2026-11-23T10:15:00"}, "occurred_at"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": 1795400100}, "occurred_at"),
        ({"occurred_at": "1795400100"}, "occurred_at"),
        ({"occurred_at": "2026-11-23"}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+08:00"}, "occurred_at"),
        ({"occurred_at": "9999-12-31T23:59:59-08:00"}, "occurred_at"),
        ({"text": None}, "text"),
        ({"text": ""}, "text"),
        ({"text": "\x00"}, "text"),
        ({"text": "长" * 10_001}, "text"),
        ({"emotion": "furious"}, "emotion"),
        ({"details": ["order"]}, "details"),
        ({"customer": "王芳"}, "customer"),
        ({"customer": {"name": ["王"]}}, "customer.name"),
        ({"duration_seconds": -1}, "duration_seconds"),
        ({"attachments": [{"name": "a.jpg"}]}, "attachments.0.kind"),
    ],
)
@pytest.mark.parametrize("channel", BUILT_IN)
def test_a_fault_is_named_with_its_field_and_without_its_value(
    channel: str, changes: dict[str, Any], field: str
) -> None:
    """R-IN-08: the operator sees what to correct; what the customer wrote stays in the raw form."""
    reading = refused(channel, EXAMPLE | changes)
    assert [fault.field for fault in reading.faults] == [field]
    assert "furious" not in reading.reason
    assert field in reading.reason


def test_every_fault_is_told_at_once() -> None:
    assert {fault.field for fault in refused("web", {"emotion": "furious"}).faults} == {
        "occurred_at",
        "text",
        "emotion",
    }


def test_characters_that_cannot_be_stored_are_dropped() -> None:
    contact = read("web", text="坏\x00了\ud800", details={"a\x00": ["\x00b", float("nan")]})
    assert contact.text == "坏了"
    assert contact.details == {"a": ["b", None]}


def test_numbers_written_without_quotes_are_read_as_texts() -> None:
    contact = read("web", customer={"phone": 13800138000, "member_no": 42})
    assert (contact.customer.phone, contact.customer.member_no) == ("13800138000", "42")


@pytest.mark.parametrize(
    ("written", "seconds"), [("2:25", 145), ("1:02:25", 3745), ("145", 145), (145, 145), ("", None)]
)
def test_phone_reads_the_duration_as_telephone_systems_write_it(written: object, seconds: float | None) -> None:
    """R-IN-02: the duration of the call."""
    assert read("phone", duration_seconds=written).duration_seconds == seconds


@pytest.mark.parametrize("channel", ["phone", "walk_in"])
def test_the_agent_of_the_form_is_known(channel: str) -> None:
    """R-IN-02: the agent's id, also where the desk calls it `agent`."""
    assert read(channel, agent_id="A012").agent_id == "A012"
    assert read(channel, agent="A012").agent_id == "A012"
    assert read(channel, agent_id=12).agent_id == "12"


def test_a_missed_call_is_a_contact_too() -> None:
    """R-IN-10: recorded, with its figures, although nobody spoke."""
    contact = read("phone", missed=True, text=None, rings=7)
    assert contact.text == "未接来电，请回电。"
    assert register(contact, POLICY, contact_id="c", channel="phone", source_id="s/1").details["rings"] == 7
    refused("web", EXAMPLE | {"missed": True, "text": None})


def test_app_takes_the_signed_in_member() -> None:
    assert read("app", member_no="M-7").customer.member_no == "M-7"
    assert read("app", member_no="M-7", customer={"member_no": "M-8"}).customer.member_no == "M-8"
    assert read("web", member_no="M-7").customer.member_no is None


def test_web_takes_the_first_of_a_browsers_languages() -> None:
    assert read("web", locale="en-US,en;q=0.9").locale == "en-US"
    assert read("web", locale="zh_CN").locale == "zh-CN"


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
near_forms = st.dictionaries(
    st.sampled_from([*EXAMPLE, "agent", "missed", "member_no", "other"]),
    any_json
    | st.sampled_from(["2026-11-23T10:15:00+08:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-12:00", "1:30"])
    | st.fixed_dictionaries({"name": any_json, "phone": any_json, "x": any_json}),
)


def no_number(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


@pytest.mark.parametrize("channel", BUILT_IN)
@given(data=near_forms | st.builds(lambda form, odd: form | odd, st.just(MINIMAL), near_forms))
def test_whatever_json_comes_is_read_or_refused(channel: str, data: dict[str, Any]) -> None:
    """R-IN-08: `read` never raises, and what it reads can be stored and sent."""
    before = repr(data)
    reading = CHANNELS[channel].read(data)
    assert repr(data) == before, "the plugin is pure"
    if isinstance(reading, Unreadable):
        assert reading.faults
        return
    assert not isinstance(reading, Aside), "only a whole mail may be one"
    registered = register(reading, POLICY, contact_id="c", channel=channel, source_id="s/1")
    body = to_json(registered.contact) + to_json(registered.details) + to_json(registered.extra)
    assert b"\\u0000" not in body
    json.loads(to_json(storable(registered.details)), parse_constant=no_number)


@given(any_json)
def test_what_is_storable_stays_equal(value: Any) -> None:
    once = storable(value)
    assert storable(once) == once
    to_json(once).decode()
