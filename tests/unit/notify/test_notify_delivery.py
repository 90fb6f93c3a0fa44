"""What follows from an attempt, by which address, and when (R-NT-01, R-NT-04, R-NT-05, R-NT-07)."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.delivery import Verdict, fates, follow
from services.notify.domain.masking import mask
from services.notify.domain.outcome import NeverSent, Outcome, Rejected, Retry, Sent, Unknown
from services.notify.domain.quiet import earliest
from services.notify.domain.recipients import Address, Unreachable, canonical, customer_addresses, staff_addresses
from services.notify.domain.suppression import fingerprint
from shared.policy import Policy, load_policy
from tests.unit.notify.events import contact

POLICY = load_policy()
RETRIES = POLICY.notify.retries
SHANGHAI = ZoneInfo("Asia/Shanghai")
SMS = Address("sms", "13800138000")
MAIL = Address("email", "w@example.com")


def after(
    outcome: Outcome | NeverSent,
    tries: int = 1,
    route: int = 0,
    routes: int = 1,
    *,
    resend: bool = False,
    more: bool = False,
) -> Verdict:
    return follow(outcome, tries=tries, route=route, routes=routes, more=more, resend=resend, retries=RETRIES)


def test_what_was_sent_is_sent() -> None:
    assert after(Sent("r")) == Verdict("sent")


def test_pauses_grow_and_end() -> None:
    """R-NT-05."""
    verdicts = [after(Retry("busy"), tries) for tries in range(1, 7)]
    assert [v.pause.total_seconds() for v in verdicts] == [10, 60, 300, 1800, 7200, 0]
    assert [v.state for v in verdicts] == ["queued"] * 5 + ["failed"]


def test_the_next_transport_is_tried_at_once_and_after_the_last_comes_the_pause() -> None:
    """R-NT-05."""
    assert after(Retry("busy"), 1, 0, 2) == Verdict("queued", "busy", 1)
    assert after(Retry("busy"), 2, 1, 2) == Verdict("queued", "busy", 0, timedelta(minutes=1))
    assert after(Rejected("bad"), 1, 0, 2) == Verdict("queued", "bad", 1)
    assert after(Rejected("bad"), 1, 1, 2) == Verdict("failed", "bad", 1)


def test_after_the_last_transport_comes_the_next_address() -> None:
    """R-NT-05: where it is refused for good, or all attempts are used up; R-NT-04: never where it may have arrived."""
    assert after(Rejected("bad"), more=True) == Verdict("queued", "bad", spent=True)
    assert after(Rejected("bad"), 1, 0, 2, more=True) == Verdict("queued", "bad", 1)
    assert after(Rejected("gone", address=True), 1, 0, 2, more=True) == Verdict("queued", "gone", spent=True)
    assert after(Retry("busy"), 1, more=True) == Verdict("queued", "busy", 0, timedelta(seconds=10))
    assert after(Retry("busy"), 6, more=True) == Verdict("queued", "busy", spent=True)
    assert after(Unknown("silence"), more=True) == Verdict("unknown", "silence")


def test_an_unknown_fate_is_for_review_unless_it_may_be_sent_again() -> None:
    """R-NT-04."""
    assert after(Unknown("silence"), routes=2) == Verdict("unknown", "silence")
    assert after(Unknown("silence"), resend=True) == Verdict("queued", "silence", 0, timedelta(seconds=10))
    assert after(Unknown("silence"), tries=6, resend=True) == Verdict("unknown", "silence")


@given(
    st.sampled_from([Retry("r"), Rejected("r"), Unknown("r")]),
    st.integers(1, 10),
    st.integers(1, 3).flatmap(lambda routes: st.tuples(st.integers(0, routes - 1), st.just(routes))),
)
def test_a_customer_never_gets_twice_what_may_have_arrived(
    outcome: Outcome, tries: int, route: tuple[int, int]
) -> None:
    """R-NT-04: only what was certainly not taken is queued again."""
    verdict = after(outcome, tries, *route)
    assert verdict.state != "queued" or not isinstance(outcome, Unknown)
    assert 0 <= verdict.route < route[1]


def test_what_a_dead_sender_left_is_judged_by_what_the_transport_knows() -> None:
    """R-NT-04."""
    assert fates(["a", "b"], {"a"}) == [Sent(), NeverSent()]
    assert [type(fate) for fate in fates(["a"], None)] == [Unknown]
    assert after(NeverSent(), tries=6).state == "queued"


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, (SMS,)),
        ({"phone": "+86 138-0013-8000"}, (SMS,)),
        ({"phone": "+44 7911 123456"}, (Address("sms", "+447911123456"),)),
        ({"email": "w@example.com"}, (SMS, MAIL)),
        ({"email": "w@example.com", "preferred": "email"}, (MAIL, SMS)),
        ({"email": "w@example.com", "preferred": "wechat"}, (SMS, MAIL)),
        ({"email": "w@example.com", "preferred": "phone"}, (SMS, MAIL)),
        ({"phone": "010-62771234", "email": "w@example.com"}, (MAIL,)),  # a landline
        ({"phone": None, "email": " w@example.com "}, (MAIL,)),
        ({"phone": None}, Unreachable("no address is known")),
        ({"phone": "12345", "email": "w@example"}, Unreachable("no valid address")),
        ({"phone": None, "email": "w@example.com\r\nBcc: x@example.com"}, Unreachable("no valid address")),
        ({"phone": None, "email": "w@example.com>"}, Unreachable("no valid address")),
        (
            {"phone": None, "email": "w@example.com", "channel": "email", "automatic": True},
            Unreachable("an automatic mail is not answered"),
        ),
    ],
)
def test_the_channels_of_a_customer(changes: dict[str, str | None], wanted: object) -> None:
    """R-NT-01: preferred, else SMS, else email; each the fallback of the one before."""
    assert customer_addresses(contact(**changes), POLICY) == wanted


def test_the_channel_of_the_contact_is_the_last_resort() -> None:
    """R-NT-01: where the policy has a transport for it and the channel tells how to answer."""
    data = deepcopy(POLICY.plain)
    data["notify"]["transports"]["customer"]["wechat"] = ["file"]  # type: ignore[index]
    policy = Policy.model_validate(data)
    messenger = contact(channel="wechat", handle="oABC123")
    assert customer_addresses(messenger, policy) == (SMS, Address("wechat", "oABC123"))
    assert customer_addresses(replace(messenger, preferred="wechat"), policy) == (Address("wechat", "oABC123"), SMS)
    assert customer_addresses(replace(messenger, phone=None), POLICY) == Unreachable("no address is known")
    assert customer_addresses(replace(messenger, phone=None, handle="two words"), policy) == Unreachable(
        "no valid address"
    )


def test_what_a_machine_wrote_is_answered_on_no_channel() -> None:
    """R-NT-07."""
    nobody = Unreachable("an automatic mail is not answered")
    assert customer_addresses(contact(automatic=True, channel="web"), POLICY) == nobody


@pytest.mark.parametrize(("channel", "text"), [("sms", "+86 138 0013 8000"), ("email", "W@example.com")])
def test_an_address_has_one_fingerprint_however_it_is_written(channel: str, text: str) -> None:
    """R-NT-07: the list holds no address, and finds each again with the key of the house alone."""
    other = {"sms": "13800138000", "email": "w@EXAMPLE.com"}[channel]
    prints = {fingerprint(channel, canonical(channel, one) or "", b"key") for one in (text, other)}
    assert len(prints) == 1
    assert prints.isdisjoint({fingerprint(channel, canonical(channel, other) or "", b"another key")})
    assert [len(one) for one in prints] == [64]


def test_staff_are_told_by_mail_and_by_sms_where_mail_fails() -> None:
    """R-NT-05."""
    person = POLICY.staff("market-supervisor")
    assert person is not None
    mail, sms = Address("email", "market-supervisor@example.com"), Address("sms", "13900000006")
    assert staff_addresses(person, POLICY) == (mail, sms)


@pytest.mark.parametrize(
    ("local", "wanted"),
    [
        ("2026-11-23 20:59:59", "2026-11-23 20:59:59"),
        ("2026-11-23 21:00:00", "2026-11-24 08:00:00"),
        ("2026-11-24 00:00:00", "2026-11-24 08:00:00"),
        ("2026-11-24 07:59:59", "2026-11-24 08:00:00"),
        ("2026-11-24 08:00:00", "2026-11-24 08:00:00"),
    ],
)
def test_quiet_hours(local: str, wanted: str) -> None:
    """R-NT-05: 21:00-08:00 for customers; not for staff, emergencies and the acceptance notice."""
    at = datetime.fromisoformat(local).replace(tzinfo=SHANGHAI)
    quiet = earliest(at.astimezone(UTC), "customer", "result", "complaint", POLICY)
    assert quiet.astimezone(SHANGHAI) == datetime.fromisoformat(wanted).replace(tzinfo=SHANGHAI)
    assert earliest(at, "staff", "breach", "complaint", POLICY) == at
    assert earliest(at, "customer", "accepted", "complaint", POLICY) == at
    assert earliest(at, "customer", "progress", "emergency", POLICY) == at


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
def test_nothing_leaves_in_the_quiet_hours_and_nothing_waits_longer_than_a_night(at: datetime) -> None:
    """R-NT-05."""
    free = earliest(at, "customer", "result", None, POLICY)
    assert at <= free <= at + timedelta(hours=11)
    assert free.astimezone(SHANGHAI).time() not in POLICY.notify.quiet_hours.hours
    assert earliest(free, "customer", "result", None, POLICY) == free


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("13800138000", "138****8000"),
        ("+8613800138000", "138****8000"),
        ("+447911123456", "+44****3456"),
        ("wangfang@example.com", "w***@example.com"),
        ("12345", "****"),
    ],
)
def test_masks(address: str, masked: str) -> None:
    assert mask(address) == masked


@given(st.from_regex(r"1[3-9]\d{9}", fullmatch=True))
def test_a_mask_hides_the_middle(phone: str) -> None:
    assert phone[3:7] not in mask(phone).replace(phone[:3], "", 1).replace(phone[-4:], "", 1)
    assert len(mask(phone)) == 11
