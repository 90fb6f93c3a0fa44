"""A contact that answers an earlier message joins its own customer's work order and nobody else's (R-IN-06, ADR 0040)."""

import pytest

from services.routing.domain.joining import Earlier, Target, contacted
from shared.events import Thread, WorkorderContacted, WorkorderReopened, WorkorderResumed
from shared.testing.builders import registered_contact
from shared.testing.clock import MONDAY
from tests.unit.routing.orders import order

MINE, THEIRS = "customer-1", "customer-2"


def target(key: str, customer: str = MINE, **changes: object) -> Target:
    values = {
        "id": key,
        "number": f"XR2026112300{key}",
        "customer_id": customer,
        "status": "opened",
        "category": "general",
    }
    return Target(**{**values, "sensitive": False, **changes})  # type: ignore[arg-type]


def known(*targets: Target, messages: dict[str, str] | None = None) -> Earlier:
    """Return what is known: `messages` are those of the customer who asks."""
    by_message = {(MINE, message): key for message, key in (messages or {}).items()}
    return Earlier(by_message, {one.number: one.id for one in targets}, {one.id: one for one in targets})


def asked(earlier: Earlier, *answers: str, numbers: tuple[str, ...] = ()) -> str | None:
    """Return the id of the work order that a contact of the customer joins."""
    contact = registered_contact(customer_id=MINE, thread=Thread(answers=answers, numbers=numbers))
    found = earlier.target(contact)
    return found.id if found else None


def test_the_nearest_message_decides_before_the_number() -> None:
    """R-IN-06: In-Reply-To, then References, then what the subject names."""
    earlier = known(target("1"), target("2"), target("3"), messages={"a@x": "1", "b@x": "2"})
    assert asked(earlier, "b@x", "a@x", numbers=("XR20261123003",)) == "2"
    assert asked(earlier, "z@x", "a@x", numbers=("XR20261123003",)) == "1"
    assert asked(earlier, "z@x", numbers=("XR20261123003",)) == "3"
    assert asked(earlier, "z@x", numbers=("XR20261123009",)) is None


def test_a_living_work_order_comes_before_one_that_has_ended() -> None:
    """R-RT-06: a thread may be long, and its beginning closed."""
    earlier = known(target("1", status="closed"), target("2"), messages={"a@x": "1", "b@x": "2"})
    assert asked(earlier, "a@x", "b@x") == "2"
    assert asked(earlier, "a@x") == "1"


def test_a_stranger_who_quotes_a_number_joins_nothing() -> None:
    """ADR 0040: neither by a number nor by a message id comes anybody into another customer's work order."""
    earlier = known(target("1", THEIRS), target("2", THEIRS), messages={"a@x": "2"})
    assert asked(earlier, "a@x", numbers=("XR20261123001",)) is None


def test_what_was_merged_stands_for_the_work_order_that_goes_on() -> None:
    """R-RT-06: over several mergings; a ring ends."""
    chain = [target("1", status="merged", merged_into="2"), target("2", status="merged", merged_into="3"), target("3")]
    assert asked(known(*chain), numbers=("XR20261123001",)) == "3"
    ring = [target("1", status="merged", merged_into="2"), target("2", status="merged", merged_into="1")]
    assert asked(known(*ring), numbers=("XR20261123001",)) in {"1", "2"}


@pytest.mark.parametrize("status", ["opened", "responded", "resolved", "signed", "confirmed", "called_back"])
def test_a_contact_is_one_step_and_changes_no_status(status: str) -> None:
    """R-RT-06: every step has its version."""
    before = order(status=status)
    decided = contacted(before, registered_contact(), MONDAY)
    assert decided.work_order.status == status
    assert [(type(event), event.version) for event in decided.events] == [(WorkorderContacted, before.version + 1)]


def test_an_answer_ends_the_wait_for_it() -> None:
    """R-SLA-08: the clocks run on when the customer has answered."""
    paused = order(status="paused", before="responded")
    decided = contacted(paused, registered_contact(), MONDAY)
    assert decided.work_order.status == paused.before
    assert [type(event) for event in decided.events] == [WorkorderContacted, WorkorderResumed]
    assert [event.version for event in decided.events] == [paused.version + 1, paused.version + 2]


@pytest.mark.parametrize("status", ["closed", "cancelled"])
def test_what_ended_in_the_same_moment_is_taken_up_again(status: str) -> None:
    """R-SLA-11: a new cycle; the customer could not know."""
    decided = contacted(order(status=status), registered_contact(), MONDAY)
    assert [type(event) for event in decided.events] == [WorkorderContacted, WorkorderReopened]
    assert decided.work_order.cycle == 2
