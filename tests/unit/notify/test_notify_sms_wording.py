"""Numbers and parameters of SMS, as vendors want them (R-NT-03, R-NT-07)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.wording import written_values
from services.notify.plugins import in_time
from services.notify.plugins.sms.mobiles import Mobile, mobile_of
from services.notify.plugins.sms.sending import AwayError, each
from services.notify.plugins.sms.wording import Parameter, chosen
from services.notify.ports import Outbound, Outcome, Retry, Sent, Unknown
from tests.unit.notify.sms_vendors import outbound


@pytest.mark.parametrize(
    "text",
    [
        "13800138000",
        "+8613800138000",
        "86 138-0013-8000",
        "0086 13800138000",
        "138 0013 8000",
        "１３８００１３８０００",
        "(+86)138.0013.8000",
    ],
)
def test_a_mobile_of_the_mainland_however_it_is_written(text: str) -> None:
    mobile = mobile_of(text)
    assert mobile == Mobile("8613800138000", mainland=True)
    assert [mobile.written(form) for form in ("national", "e164", "digits")] == [
        "13800138000",
        "+8613800138000",
        "8613800138000",
    ]


def test_numbers_abroad_have_their_country() -> None:
    mobile = mobile_of("00852 9123 4567")
    assert mobile == mobile_of("+852-91234567") == Mobile("85291234567", mainland=False)
    assert mobile.written("national") == "85291234567"


@pytest.mark.parametrize(
    "text",
    ["", "12345678901", "010-12345678", "+8601012345678", "1380013800", "138001380000", "+0123456789", "95555", "a"],
)
def test_what_no_sms_can_go_to_is_no_number(text: str) -> None:
    """R-NT-07."""
    assert mobile_of(text) is None


@given(st.text())
def test_whatever_stands_there_is_a_number_or_none(text: str) -> None:
    mobile = mobile_of(text)
    assert mobile is None or (mobile.digits.isascii() and mobile.digits.isdecimal() and len(mobile.digits) <= 15)


@given(st.text(), st.integers(1, 50))
def test_a_parameter_is_one_line_of_the_length_agreed_and_never_empty(text: str, longest: int) -> None:
    told = Parameter(value="problem", longest=longest, instead="-").of(outbound(values={"problem": text}))
    assert told
    assert len(told) <= longest
    assert "\n" not in told
    assert "\r" not in told


def test_a_parameter_without_a_value_has_other_words_in_its_place() -> None:
    due = Parameter.model_validate({"value": "due", "instead": "尽快"})
    assert due.of(outbound()) == "尽快"
    assert due.of(outbound(values={"due": "今天 18:00"})) == "今天 18:00"
    assert Parameter.model_validate({"instead": "应答"}).of(outbound()) == "应答"
    assert Parameter.model_validate("uri_end").of(outbound(values={"uri": "https://x.example/s/tok-en"})) == "tok-en"


@pytest.mark.parametrize(
    ("purpose", "locale", "wanted"),
    [("accepted", "zh-CN", "a"), ("accepted", "en", "b"), ("result", "en", "c"), ("result", "zh", "c")],
)
def test_a_template_is_chosen_by_purpose_and_language(purpose: Any, locale: str, wanted: str) -> None:
    """R-NT-03."""
    templates: Any = {"accepted": {"zh": "a", "en": "b"}, "default": {"zh": "c"}}
    assert chosen(templates, outbound(purpose=purpose, locale=locale)) == wanted
    assert chosen({"accepted": {"en": "b"}}, outbound(purpose="accepted", locale="zh")) is None


@given(
    st.dictionaries(
        st.text(min_size=1), st.one_of(st.none(), st.text(), st.booleans(), st.integers(), st.lists(st.text()))
    )
)
def test_values_for_templates_of_others_are_words_in_one_line(values: dict[str, Any]) -> None:
    """R-NT-03: without control characters, line breaks and hidden marks."""
    told = written_values(values)
    assert all(text.isprintable() for text in told.values())
    assert told.keys() <= values.keys()


async def test_a_batch_gives_up_where_the_vendor_is_away() -> None:
    """R-NT-04: what has begun is finished, the rest is tried later."""
    begun = []

    async def turn() -> None:
        """Let the others have their turn."""
        happened = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(happened.set_result, None)
        await happened

    async def send(out: Outbound) -> Outcome:
        begun.append(out.message.notification_id)
        await turn()
        if out.message.notification_id == "n2":
            raise AwayError("the vendor cannot be reached")
        return Sent()

    outcomes = await each([outbound(number) for number in range(1, 30)], send, at_once=2)
    assert outcomes[:2] == [Sent(), Retry("the vendor cannot be reached")]
    assert len(begun) < 6
    assert len(outcomes) == 29
    assert outcomes[-1] == Retry("the vendor cannot be reached")
    assert await each([], send) == []


def test_a_burst_takes_the_template_of_bursts_else_that_of_its_first() -> None:
    """R-SLA-10: a template of one alert would tell of one alone, though several are meant."""
    burst = replace(outbound(purpose="breach", values={"count": "3", "number": "XR20261123001"}), also=("n2", "n3"))
    templates: dict[Any, Any] = {"breach": {"zh": "one"}, "default": {"zh": "other"}}
    assert chosen(templates, burst) == "one"
    assert chosen({**templates, "digest": {"zh": "several"}}, burst) == "several"
    assert chosen({**templates, "digest": {"zh": "several"}}, replace(burst, also=())) == "one"
    assert Parameter(value="count").of(burst) == "3"


async def test_a_batch_ends_in_time_and_what_has_left_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """R-NT-04: however long the policy waits for one answer; whoever asked would take even what has left for unknown."""
    monkeypatch.setattr(in_time, "BATCH_SECONDS", 0.4)
    monkeypatch.setattr(in_time, "END_SECONDS", 0.5)

    async def send(out: Outbound) -> Outcome:
        if out.message.notification_id != "n1":
            await asyncio.Event().wait()
        return Sent()

    outcomes = await each([outbound(number) for number in range(1, 5)], send, at_once=2)
    assert [type(one) for one in outcomes] == [Sent, Unknown, Unknown, Retry]
