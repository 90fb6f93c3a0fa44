"""What comes in bursts becomes one message per person and minute (R-SLA-10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from services.notify.domain.digest import bundles, goes_with_others, held_until, minute_of
from services.notify.domain.urgency import FIRST, USUAL
from tests.unit.notify.events import NOW

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class One:
    purpose: str = "assigned"
    audience: str = "staff"
    recipient: str = "market-2"
    attempt: int = 0
    urgency: int = USUAL


@pytest.mark.parametrize(
    ("one", "held"),
    [
        (One(), True),
        (One(urgency=FIRST), False),  # R-SLA-01: an urgent matter is told when it opens
        (One(attempt=1), False),
        (One("sign_request"), False),
        (One("warning"), False),  # the minute of alerts is another one
        (One(recipient="market-1"), False),
        (One(audience="customer"), False),
    ],
)
def test_what_follows_within_the_minute_waits_for_its_end(one: One, held: bool) -> None:
    """R-SLA-10."""
    last = {"work/market-2": NOW - timedelta(seconds=20)}
    assert held_until(one, last, NOW, MINUTE) == (NOW + timedelta(seconds=40) if held else None)
    assert held_until(one, last, NOW + timedelta(seconds=40), MINUTE) is None


def test_alerts_wait_for_one_another_whatever_their_urgency() -> None:
    """R-SLA-10: bursts of breaches are what the rule is about."""
    assert minute_of(One("breach")) == minute_of(One("warning")) == "alerts/market-2"
    last = {"alerts/market-2": NOW}
    assert held_until(One("breach", urgency=FIRST), last, NOW, MINUTE) == NOW + MINUTE


def test_breaches_stand_first_and_lists_go_alone() -> None:
    """R-SLA-10, R-RT-03."""
    mine = [One("satisfaction"), One("assigned"), One("warning"), One("breach")]
    (bundle,) = bundles(("file/email", one) for one in mine)
    assert [one.purpose for one in bundle] == ["breach", "warning", "assigned", "satisfaction"]
    assert len(bundles([("file/email", One()), ("file/sms", One()), ("file/email", One(recipient="x"))])) == 3
    assert not goes_with_others(One("handover"))
    assert not goes_with_others(One("report"))
    assert not goes_with_others(One("accepted", audience="customer"))
