"""What every adapter promises (shared/adapters): whatever there is comes onto the bus, also after a crash, and once."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any, ClassVar, Final

from shared.adapters import Adapter
from shared.adapters.setup import AdapterSetup
from shared.plugins import Setup, build
from shared.plugins.words import told
from shared.policy import load_policy
from shared.testing.contracts.base import NAME, PluginContract
from shared.testing.contracts.bus import Bus

_PATIENCE: Final = 20.0
_LOOK_SECONDS: Final = 1.0
"""How long an adapter is watched that has nothing to bring."""
_END_SECONDS: Final = 10.0
"""What a process has for its end."""
_FALLS: Final = 5
"""So many failures in a row that brought nothing are no accident."""


class AdapterContract(PluginContract):
    """Subclass it as `Test…`, with `plugin`, a `world` to bring contacts from, and how many it `brings`."""

    kind: ClassVar[str] = "adapter"
    brings: ClassVar[int] = 0

    @contextmanager
    def world(self) -> Iterator[Mapping[str, Any]]:
        """Yield the settings of an adapter whose world (a folder, a server of this test) has contacts for it."""
        raise AssertionError("say in world() where the adapter finds its contacts")

    def setup(self, config: Mapping[str, Any], secrets: Mapping[str, str] | None = None) -> Setup:
        """Return the setup of an adapter, with the policy."""
        return AdapterSetup(**self.setup_values(config, secrets), policy=load_policy())

    def test_it_says_its_channels(self) -> None:
        """NATS lets it publish to these and no others."""
        adapter: Adapter = self.typed(Adapter)
        assert adapter.channels, "an adapter without a channel"
        assert all(NAME.fullmatch(one) for one in adapter.channels), f"no channels' names: {adapter.channels}"

    def test_brings_everything_and_ends_when_it_is_told(self) -> None:
        """R-IN-06: every contact, under an id of its own."""
        assert self.brings > 0, "say how many contacts the world brings"
        with self.world() as config:
            bus = self._run(config)
        assert len(bus.keys) == self.brings, f"{len(bus.keys)} contacts came of {self.brings}"

    def test_a_restart_repeats_nothing_under_another_id(self) -> None:
        """It may publish twice what it is not sure of, and then says so by the same source and id."""
        with self.world() as config:
            first = self._run(config)
            second = self._run(config, until=lambda _bus: False, look_seconds=_LOOK_SECONDS)
        assert second.keys <= first.keys, f"a restart made new contacts: {sorted(second.keys - first.keys)}"

    def test_a_crash_loses_nothing(self) -> None:
        """What the bus had not acknowledged when its process ended, at the first contact or the second, comes the next time."""
        for number in sorted({1, min(2, self.brings)}):
            with self.world() as config:
                first = self._run(config, dies_at=number)
                second = self._run(config, known=first.keys)
            together = len(first.keys | second.keys)
            assert together == self.brings, f"{together} contacts came of {self.brings}"

    def test_a_bus_that_is_away_loses_nothing(self) -> None:
        """What the bus did not acknowledge is published again, by this process or the one that is started after it."""
        turns = count()
        with self.world() as config:
            bus = self._run(config, away=lambda: next(turns) < self.brings)
        assert len(bus.keys) == self.brings, f"{len(bus.keys)} contacts came of {self.brings}"

    def _run(
        self,
        config: Mapping[str, Any],
        *,
        until: Callable[[Bus], bool] | None = None,
        away: Callable[[], bool] = lambda: False,
        known: frozenset[str] | set[str] = frozenset(),
        dies_at: int | None = None,
        look_seconds: float | None = None,
    ) -> Bus:
        """Run new adapters, one after another as a supervisor would, until everything has come or `until` holds.

        None is started after `look_seconds`, else after the patience of the suite. One that `dies_at` a contact is told
        nothing: it ends while it publishes that.
        """

        def over(bus: Bus) -> bool:
            if dies_at is not None:
                return bus.asked >= dies_at
            return until(bus) if until is not None else len(bus.keys | known) >= self.brings

        async def ran() -> Bus:
            bus = Bus(frozenset(), away)
            if dies_at is not None:
                bus.held = lambda: over(bus)
            loop = asyncio.get_running_loop()
            end = loop.time() + (_PATIENCE if look_seconds is None else look_seconds)
            falls = 0
            while not over(bus) and loop.time() < end:
                asked = bus.asked
                adapter: Adapter = build(self.plugin, self.setup({**self.config, **config}))
                bus.channels = frozenset(adapter.channels)
                stopping = asyncio.Event()
                running = asyncio.create_task(adapter.run(bus.work(self.plugin.name, stopping)))
                await _first(running, bus, over, end - loop.time())
                if dies_at is None:
                    stopping.set()
                else:
                    running.cancel()
                ended = await _ended(running)
                falls = falls + 1 if isinstance(ended, Exception) and bus.asked == asked else 0
                if ended is not None and falls >= _FALLS:
                    raise AssertionError(f"it fails before it brings anything: {told(ended)}") from ended
            return bus

        return asyncio.run(ran())


async def _ended(running: "asyncio.Task[None]") -> BaseException | None:
    """Return what an adapter ended with, which is to end now; an assertion of the suite itself is raised."""
    try:
        async with asyncio.timeout(_END_SECONDS):
            (ended,) = await asyncio.gather(running, return_exceptions=True)
    except TimeoutError:
        raise AssertionError(f"it has not ended {_END_SECONDS:g} s after it was to stop") from None
    if isinstance(ended, AssertionError):
        raise ended
    return ended


async def _first(running: "asyncio.Task[None]", bus: Bus, over: Callable[[Bus], bool], seconds: float) -> None:
    """Return when the adapter has ended, the bus has what is waited for, or the time is over."""

    async def seen() -> None:
        while not over(bus):
            bus.news.clear()
            await bus.news.wait()

    news = asyncio.create_task(seen())
    await asyncio.wait({running, news}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    news.cancel()
    await asyncio.gather(news, return_exceptions=True)
