"""A transport that cannot be used or fails again and again: the next of its chain carries, or the message waits (ADR 0035)."""

from collections.abc import AsyncIterator, Sequence
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import structlog

from services.notify.domain.outcome import Outcome, Unknown
from services.notify.handlers.transports import Transports, build_transports
from services.notify.ports import Outbound, Retry, Sent, Transport
from shared import metrics
from shared.plugins import breaker
from shared.policy import Policy, load_policy
from shared.settings import Settings
from tests.unit.notify.events import NOW, opening, registered
from tests.unit.notify.house import House, Provider, notify_house


@pytest.fixture
async def house(database_url: str, fresh_nats: str, tmp_path: Path) -> AsyncIterator[House]:
    async with notify_house(database_url, fresh_nats, tmp_path) as ready:
        yield ready


def by(*chain: str, attempts: int = 5) -> Policy:
    """Return a policy by which customers are written to by these transports, one after the other."""
    data: Any = deepcopy(load_policy().plain)
    data["notify"]["transports"]["customer"]["sms"] = list(chain)
    data["notify"]["retries"] = {"max_attempts": attempts, "pauses": ["1m wall"]}
    return Policy.model_validate(data)


async def opens(house: House, replica: Any, number: int) -> None:
    """Let a work order be opened, of which its customer is told."""
    contact, order = f"c{number}", f"w{number}"
    await replica.bench.happens(registered(contact), opening(order, contact_id=contact, number=f"XR2026112300{number}"))


async def accepted(house: House) -> list[tuple[str, str | None, int]]:
    return [(row.state, row.reason, row.tries) for row in await house.rows() if row.purpose == "accepted"]


def test_a_transport_that_cannot_be_used_is_named_and_the_others_are_built(tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as logs:
        transports = build_transports(by("pigeon", "smtp", "file"), Settings(data=tmp_path), lambda: NOW)
    assert transports.names == {"file"}
    named = {log["plugin"]: log["why"] for log in logs}
    assert named["pigeon"].startswith('there is no transport plugin "pigeon"')
    assert 'the transport plugin "smtp" cannot work: ' in named["smtp"]
    labels = {"kind": "transport", "plugin": "pigeon"}
    assert metrics.REGISTRY.get_sample_value("yingda_plugin_works", labels) == 0
    build_transports(load_policy(), Settings(data=tmp_path), lambda: NOW)
    assert metrics.REGISTRY.get_sample_value("yingda_plugin_works", labels) is None


async def test_the_next_of_the_chain_carries_what_the_first_cannot(house: House) -> None:
    """R-NT-05: at once, and without a try being counted for what nobody tried."""
    one = await house.replica(policy=by("pigeon", "file"))
    await opens(house, one, 1)
    await one.work(2)
    assert [line["attempt"] for line in house.lines("sms")] == [1]
    assert await accepted(house) == [("sent", None, 1)]
    await one.sender.stop()


async def test_where_nothing_works_the_message_waits_and_no_try_is_lost(house: House) -> None:
    """R-NT-05: it goes out when the policy names a transport that works."""
    one = await house.replica(policy=by("pigeon"))
    await opens(house, one, 1)
    for _ in range(4):
        await one.work()
        house.bench.clock.at += timedelta(minutes=1)
    assert await accepted(house) == [("queued", "no transport for it works", 0)]
    await one.sender.stop()
    other = await house.replica(policy=by("file"))
    await other.work(2)
    assert await accepted(house) == [("sent", None, 1)]
    await other.sender.stop()


async def test_a_second_one_that_cannot_be_used_does_not_use_the_tries_up(house: House) -> None:
    """R-NT-05: a message that the first asks to repeat does so after the pause, not at once by way of the second."""
    provider = Provider(name="own", answers=[Retry("away")] * 3)
    one = await house.replica(provider, policy=by("own", "pigeon"))
    await opens(house, one, 1)
    await one.work(5)
    assert len(provider.taken) == 1
    house.bench.clock.at += timedelta(minutes=1)
    await one.work(5)
    assert len(provider.taken) == 2
    await one.sender.stop()


class Mute:
    """A transport whose provider never says what it took."""

    name, channel, resend_when_unknown = "mute", "sms", False

    def __init__(self) -> None:
        self.taken: list[Outbound] = []
        self.well = False

    async def send(self, messages: Sequence[Outbound]) -> Sequence[Outcome]:
        self.taken += messages
        return [Sent() if self.well else Unknown("no answer") for _ in messages]

    async def sent_before(self, ids: Any) -> None:
        return None

    async def close(self) -> None: ...


async def test_a_provider_that_never_answers_is_left_alone_and_others_carry_meanwhile(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-NT-04: what may have been sent is not sent again; three in a row are enough, and a single message tries it again."""
    moment = [1000.0]
    monkeypatch.setattr(breaker.Breaker.__init__, "__defaults__", (3, 30.0, lambda: moment[0]))
    mute: Transport = Mute()
    assert isinstance(mute, Mute)
    one = await house.replica(mute, policy=by("mute", "file"))
    for number in range(1, 6):
        await opens(house, one, number)
        await one.work(2)
    assert len(mute.taken) == 3
    assert len(house.lines("sms")) == 2
    moment[0] += 30
    mute.well = True
    for number in range(6, 9):
        await opens(house, one, number)
    await one.work(3)
    assert (len(mute.taken), len(house.lines("sms"))) == (4, 4)
    await opens(house, one, 9)
    await one.work(2)
    assert (len(mute.taken), len(house.lines("sms"))) == (5, 4)
    assert sorted(state for state, *_ in await accepted(house)) == ["sent"] * 6 + ["unknown"] * 3
    await one.sender.stop()


class Babbles(Mute):
    """A transport that has sent everything and gives an answer for each, of which some are none."""

    name = "babbles"

    def __init__(self, *answers: Any) -> None:
        super().__init__()
        self.answers = answers

    async def send(self, messages: Sequence[Outbound]) -> Any:
        self.taken += messages
        return self.answers

    async def close(self) -> None:
        raise RuntimeError("is closed already")


async def test_an_answer_that_is_none_is_unknown_and_spoils_no_other(house: House) -> None:
    """R-NT-04: of a batch, what was sent is sent, and only of the rest nobody knows."""
    babbles = Babbles(Sent(), "ok")
    one = await house.replica(babbles, policy=by("babbles"))
    await opens(house, one, 1)
    await opens(house, one, 2)
    await one.work(2)
    assert sorted(state for state, *_ in await accepted(house)) == ["sent", "unknown"]
    reasons = [reason for state, reason, _ in await accepted(house) if state == "unknown"]
    assert reasons == ["the transport gave an answer that is none"]
    labels = {"kind": "transport", "plugin": "babbles", "reason": "wrong"}
    assert metrics.REGISTRY.get_sample_value("yingda_plugin_failures_total", labels) == 1
    await one.sender.stop()


async def test_a_transport_that_cannot_be_closed_keeps_no_other_from_it() -> None:
    babbles, provider = Babbles(), Provider()
    provider.taken.append(cast("Outbound", None))
    await Transports({("babbles", "sms"): babbles, ("file", "sms"): provider}).close()
    assert provider.taken == []
