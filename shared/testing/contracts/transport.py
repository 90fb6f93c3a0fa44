"""What every transport promises (services/notify/ports.py): one outcome each, and what is unknown is told as unknown."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, Final, TypeVar, get_args

from services.notify.ports import (
    Message,
    Outbound,
    Outcome,
    Rejected,
    Retry,
    Sender,
    Sent,
    Transport,
    TransportSetup,
    Unknown,
)
from shared.plugins import Setup, build
from shared.testing.contracts.base import PluginContract
from shared.testing.contracts.provided import HANDED_OVER, WAIT_SECONDS, HttpProvided, Provided, Standing

T = TypeVar("T")

ENOUGH_SECONDS: Final = 45.0
"""What a transport has for a batch (services/notify/ports.py)."""
_OUTCOMES: Final = get_args(Outcome)
_MANY: Final = 3


class TransportContract(Provided, PluginContract):
    """Subclass it as `Test…`, with `plugin`, and say in `provider` where a provider in some mood listens.

    Where the provider speaks HTTP, subclass `HttpTransportContract` instead, which brings one.
    """

    kind: ClassVar[str] = "transport"
    channel: ClassVar[str] = "sms"
    """The channel that the policy would name it for."""
    to: ClassVar[str] = "13800138000"
    audience: ClassVar[str] = "customer"
    """Whom it tells: a bot for staff refuses what is for a customer."""
    bundles: ClassVar[bool] = False
    """Whether it hands over several messages as one."""

    def outbound(self, number: int = 1) -> Outbound:
        """Return a message to be sent."""
        message = Message(
            notification_id=f"n{number}",
            to=self.to,
            subject="您的问题已受理（编号 XR20261123001）",
            text=f"王女士，您好！\n您反映的问题已受理（{number}）。",
            sender=Sender("应答客服中心", "service@example.com"),
            locale="zh-CN",
        )
        return Outbound(message, "accepted", self.audience, 1, f"XR2026112300{number}")

    def messages(self, count: int) -> list[Outbound]:
        """Return so many messages, each with an id of its own."""
        return [self.outbound(number) for number in range(1, count + 1)]

    def test_its_protocol(self) -> None:
        """It has what `Transport` asks for, and carries the channel that it was built for."""
        with self.standing("takes") as standing:
            transport = self._transport(standing)
            assert transport.channel == self.channel
            assert isinstance(transport.resend_when_unknown, bool)
            asyncio.run(transport.close())

    def test_what_is_taken_is_sent_once(self) -> None:
        """R-NT-05: an outcome for each, in their order; nothing is handed over twice."""
        with self.standing("takes") as standing:
            outcomes = self.sends(standing, *self.messages(_MANY))
            assert all(isinstance(one, Sent) for one in outcomes), f"a provider took all, but: {outcomes}"
            fewest = 1 if self.bundles else _MANY
            assert fewest <= standing.handed() <= _MANY, f"{standing.handed()} messages arrived of {_MANY}"

    def test_nothing_to_send_is_nothing_sent(self) -> None:
        """An empty batch has no outcomes and needs no provider."""
        with self.standing("takes") as standing:
            assert list(self.sends(standing, *self.messages(0))) == []
            assert standing.handed() == 0

    def test_what_is_refused_is_not_sent(self) -> None:
        """R-NT-05: `Rejected` is for good, `Retry` for now, and the reason says so in words without the address."""
        for mood, wanted in (("refuses", Rejected), ("later", Retry)):
            if mood in self.moods:
                with self.standing(mood) as standing:
                    outcomes = self.sends(standing, *self.messages(2))
                    assert all(isinstance(one, wanted) for one in outcomes), f"a provider that {mood}: {outcomes}"

    def test_what_may_have_been_taken_is_unknown(self) -> None:
        """R-NT-04: a provider that was handed a message and says nothing may have taken it, so nothing else is true."""
        for mood in HANDED_OVER:
            if mood in self.moods:
                with self.standing(mood) as standing:
                    outcomes = self.sends(standing, *self.messages(2))
                    assert not any(isinstance(one, Sent) for one in outcomes), f"{mood}, but told as sent: {outcomes}"
                    unknown = sum(isinstance(one, Unknown) for one in outcomes)
                    assert unknown >= min(standing.handed(), 2), f"{mood}: {standing.handed()} handed over, {outcomes}"
                    assert unknown, f"a provider that {mood} was handed a message: {outcomes}"

    def test_a_provider_that_is_away_has_taken_nothing(self) -> None:
        """R-NT-04: so the message may be sent again."""
        if "is away" in self.moods:
            with self.standing("is away") as standing:
                outcomes = self.sends(standing, *self.messages(2))
            assert all(isinstance(one, Retry) for one in outcomes), f"nobody was there, but: {outcomes}"

    def test_nonsense_raises_nothing(self) -> None:
        """A provider that is not itself today is one of the outcomes, too."""
        if "talks nonsense" in self.moods:
            with self.standing("talks nonsense") as standing:
                self.sends(standing, *self.messages(2))

    def test_what_was_sent_before_is_told_or_nothing(self) -> None:
        """R-NT-04: which of the ids it has taken, never others; None where it cannot tell."""

        async def asked(transport: Transport) -> tuple[set[str] | None, set[str] | None]:
            before = await transport.sent_before(["n1", "n2", "n9"])
            await transport.send([self.outbound(1), self.outbound(2)])
            return before, await transport.sent_before(["n1", "n2", "n9"])

        with self.standing("takes") as standing:
            before, after = self._with(standing, asked)
        assert (before is None) == (after is None), "it can tell, or it cannot"
        if before is not None and after is not None:
            assert before == set(), "it was asked before anything was sent"
            assert after == {"n1", "n2"}, f"n1 and n2 were taken, but it says {after}"

    def test_closes_twice(self) -> None:
        """A stop that is asked for twice is one stop."""

        async def twice(transport: Transport) -> None:
            await transport.send([self.outbound()])
            await transport.close()

        with self.standing("takes") as standing:
            self._with(standing, twice)  # which closes it again

    def test_reasons_hold_nothing_personal_and_no_secret(self) -> None:
        """They go into events and logs."""
        for mood in self.moods:
            with self.standing(mood) as standing:
                for one in self.sends(standing, *self.messages(1)):
                    told = "" if isinstance(one, Sent) else one.reason
                    assert self.to not in told, f"{mood}: the address stands in {told!r}"
                    assert "王女士" not in told, f"{mood}: the text stands in {told!r}"
                    self.holds_no_secret(told)

    def sends(self, standing: Standing, *messages: Outbound) -> Sequence[Outcome]:
        """Return the outcomes of messages handed over in one batch, each one of the closed set."""

        async def send(transport: Transport) -> Sequence[Outcome]:
            async with asyncio.timeout(ENOUGH_SECONDS):
                return await transport.send(messages)

        outcomes = self._with(standing, send)
        assert len(outcomes) == len(messages), f"{len(outcomes)} outcomes for {len(messages)} messages"
        assert all(isinstance(one, _OUTCOMES) for one in outcomes), f"none of the outcomes: {outcomes}"
        return outcomes

    def setup(self, config: Mapping[str, Any], secrets: Mapping[str, str] | None = None) -> Setup:
        """Return the setup of a transport for its channel."""
        values = self.setup_values(config, secrets)
        return TransportSetup(**values, channel=self.channel, wait_seconds=WAIT_SECONDS)

    def _with(self, standing: Standing, act: Callable[[Transport], Awaitable[T]]) -> T:
        """Return what comes of `act` with a new transport, which is closed afterwards."""

        async def acted() -> T:
            transport = self._transport(standing)
            try:
                return await act(transport)
            finally:
                await transport.close()

        return asyncio.run(acted())

    def _transport(self, standing: Standing) -> Transport:
        values = self.setup_values({**self.config, **standing.config}, {**self.secrets, **standing.secrets})
        values["settings"] = values["settings"].model_copy(update=dict(standing.environment))
        made: Transport = self.fitting(
            build(self.plugin, TransportSetup(**values, channel=self.channel, wait_seconds=standing.wait_seconds)),
            Transport,
        )
        return made


class HttpTransportContract(HttpProvided, TransportContract):
    """For a provider that speaks HTTP: subclass it with `plugin` and `config_at`, and how the provider answers.

    `config` must be settings that the plugin can be built from without any provider.
    """
