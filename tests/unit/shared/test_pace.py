"""Whoever takes in waits for those who follow, never for long, and never for one that stands still."""

from collections.abc import Mapping

import nats.errors
import pytest

from shared.bus import pace as module
from shared.bus.pace import FAR_BEHIND, LONGEST_SECONDS, STANDING_SECONDS, Lag, Pace


class House:
    """A clock that goes on by a second with every look, and what the consumers have waiting at each."""

    def __init__(self, *looks: Mapping[str, Lag]) -> None:
        self.looks = list(looks)
        self.seconds = 0.0
        self.asked = 0

    async def lags(self) -> Mapping[str, Lag]:
        self.asked += 1
        self.seconds += 0.25
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]

    def pace(self) -> Pace:
        return Pace(self.lags, lambda: self.seconds)


@pytest.fixture(autouse=True)
def no_real_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)


async def test_nobody_waits_where_all_are_near() -> None:
    house = House({"routing": Lag(FAR_BEHIND, 1), "sla": Lag(0, 1)})
    await house.pace().wait()
    assert house.asked == 1


async def test_it_waits_until_the_one_that_is_far_behind_has_come_near() -> None:
    house = House({"sla": Lag(9_000, 1)}, {"sla": Lag(5_000, 2)}, {"sla": Lag(FAR_BEHIND, 3)})
    await house.pace().wait()
    assert house.asked == 3


async def test_it_waits_no_longer_than_two_seconds() -> None:
    house = House(*({"sla": Lag(9_000, number)} for number in range(100)))
    await house.pace().wait()
    assert house.seconds == pytest.approx(LONGEST_SECONDS, abs=0.3)


async def test_nobody_waits_for_a_consumer_that_stands_still() -> None:
    house = House({"notify": Lag(9_000, 1)})
    pace = house.pace()
    while house.seconds < STANDING_SECONDS + 0.5:
        await pace.wait()
    before = house.asked
    await pace.wait()
    assert house.asked == before + 1
    house.looks = [{"notify": Lag(9_000, 2)}, {"notify": Lag(0, 3)}]
    await pace.wait()
    assert house.asked == before + 3, "it goes on: it is waited for again"


async def test_a_server_that_does_not_answer_holds_nobody_up() -> None:
    async def silent() -> Mapping[str, Lag]:
        raise nats.errors.TimeoutError

    await Pace(silent).wait()
