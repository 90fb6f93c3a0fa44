"""Preferences and tier of a customer (R-IN-11)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.customer_file import CustomerFile
from services.intake.domain.preferences import is_automatic
from services.intake.domain.registration import Registration, register
from services.intake.domain.tiers import higher
from shared.events import Contact, ContactRegistered, Preferences
from shared.policy import load_policy
from shared.testing.clock import MONDAY
from tests.plugins import built_in_channels

POLICY = load_policy()
TIERS = POLICY.intake.tiers


def recorded(**form: Any) -> Registration:
    contact = built_in_channels()["web"].read({"occurred_at": MONDAY.isoformat(), "text": "你好", **form})
    assert isinstance(contact, Contact), contact
    return register(contact, POLICY, contact_id="c", channel="web", source_id="s/1")


def told(known: CustomerFile | None = None, **form: Any) -> ContactRegistered:
    """What is told of a contact of a customer of whom `known` was known before."""
    registration = recorded(**form)
    return registration.event("k", (known or CustomerFile()).grown(registration.told, TIERS), MONDAY)


def test_preferences_go_with_the_contact() -> None:
    """R-IN-11, R-NT-01"""
    event = told(customer={"preferences": {"channel": "Email", "plain_language": True}})
    assert (event.preferred_channel, event.plain_language) == ("email", True)
    assert told(details={"preferred_channel": "wechat"}).preferred_channel == "wechat"
    assert (told().preferred_channel, told().plain_language) == (None, False)


@pytest.mark.parametrize(
    ("preferences", "plain"),
    [
        ({"elderly": True}, True),
        ({"elderly": "是"}, True),
        ({"plain_language": 1}, True),
        ({"elderly": True, "plain_language": False}, False),
        ({"elderly": False}, False),
        ({"elderly": "82 years"}, False),
        ("elderly", False),
        (None, False),
    ],
)
def test_the_elderly_get_simpler_texts_unless_they_say_otherwise(preferences: Any, plain: bool) -> None:
    """R-IN-11: and a preference that cannot be read loses no contact."""
    assert told(customer={"preferences": preferences}).plain_language is plain


def test_a_preferred_channel_that_is_none_is_left_out() -> None:
    for channel in ("打电话", "", 7, ["sms"], "x" * 33):
        assert told(customer={"preferences": {"channel": channel}}).preferred_channel is None


def test_preferences_are_kept_with_the_customer_and_the_last_word_holds() -> None:
    """R-IN-11: a later contact need not repeat them, and may change each of them."""
    known = CustomerFile(preferences=Preferences(channel="email", elderly=True))
    later = told(known)
    assert (later.preferred_channel, later.plain_language) == ("email", True)
    changed = told(known, customer={"preferences": {"channel": "sms"}})
    assert (changed.preferred_channel, changed.plain_language) == ("sms", True)
    assert told(known, customer={"preferences": {"elderly": False}}).plain_language is False


def test_a_vip_stays_a_vip() -> None:
    """R-IN-11: whatever tier an adapter fills in, the VIP's own goes on to the work order."""
    vip = CustomerFile(tier="vip")
    assert [told(vip, customer={"tier": tier}).tier for tier in (None, "new", "returning", "VIP")] == ["vip"] * 4
    assert told(CustomerFile(tier="new"), customer={"tier": "VIP"}).tier == "vip"
    assert told(customer={"tier": "gold"}).tier == "gold"


@given(*(st.sampled_from([None, "gold", *TIERS]) for _ in range(3)))
def test_in_whatever_order_tiers_are_told_the_highest_holds(
    one: str | None, two: str | None, three: str | None
) -> None:
    """R-IN-11"""
    held = higher(higher(one, two, TIERS), three, TIERS)
    assert held == higher(higher(three, two, TIERS), one, TIERS)
    assert ("vip" in {one, two, three}) == (held == "vip")


@pytest.mark.parametrize(
    ("mark", "automatic"),
    [
        (True, True),
        ("auto-replied", True),
        ("auto-generated", True),
        ("no", False),
        (False, False),
        ("", False),
        (None, False),
    ],
)
def test_what_a_machine_wrote_is_marked(mark: Any, automatic: bool) -> None:
    """R-NT-07: in the form or among its details, as a yes or in the words of RFC 3834."""
    assert is_automatic(mark) is automatic
    assert told(auto_submitted=mark).auto_submitted is automatic
    assert told(details={"auto_submitted": mark}).auto_submitted is automatic
