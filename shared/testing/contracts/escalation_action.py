"""What every action of an escalation promises (services/sla/ports.py): taken once, or said why not, and never in silence."""

import asyncio
import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, get_args

from services.sla.ports import ActionSetup, Done, Escalation, EscalationAction, Later, Refused, Result
from shared.plugins import Setup, build
from shared.testing.contracts.base import PluginContract
from shared.testing.contracts.provided import HANDED_OVER, WAIT_SECONDS, HttpProvided, Provided, Standing

ENOUGH_SECONDS: Final = 20.0
_RESULTS: Final = get_args(Result)


class EscalationActionContract(Provided, PluginContract):
    """Subclass it as `Test…`, with `plugin`, and say in `provider` where the other side of the action is.

    Where that speaks HTTP, subclass `HttpEscalationActionContract` instead, which brings one.
    """

    kind: ClassVar[str] = "escalation_action"
    can_wait: ClassVar[bool] = True
    """Whether what it does may be done later: it answers `Later` where the other side is away."""

    def escalation(self, number: int = 1, attempt: int = 1) -> Escalation:
        """Return an escalation: a first response that is overdue."""
        at = datetime(2026, 11, 23, 2, 31, tzinfo=UTC)
        return Escalation(
            id=f"e{number}",
            on="breach",
            to="supervisor",
            percent=None,
            clock_id=f"c{number}",
            metric="first_response",
            cycle=1,
            department="market",
            due_at=at,
            at=at,
            grade="normal",
            work_order_id=f"w{number}",
            number=f"XR2026112300{number}",
            category="after_sales",
            topic="product",
            attempt=attempt,
        )

    def setup(self, config: Mapping[str, Any], secrets: Mapping[str, str] | None = None) -> Setup:
        """Return the setup of an action."""
        return ActionSetup(**self.setup_values(config, secrets), wait_seconds=WAIT_SECONDS)

    def test_is_done_where_it_is_taken(self) -> None:
        """R-SLA-10: a breach and a warning, of a work order and of an agent who is away."""
        away = dataclasses.replace(self.escalation(3), work_order_id=None, number=None, category=None, topic=None)
        warning = dataclasses.replace(self.escalation(2), on="warning", percent=75, grade=None)
        with self.standing("takes") as standing:
            results = self.acts(standing, self.escalation(1), warning, away)
            assert all(isinstance(one, Done) for one in results), f"the other side took all, but: {results}"
            assert standing.handed() == len(results), f"{standing.handed()} arrived of {len(results)}"

    def test_says_what_will_never_be_and_what_may_be_later(self) -> None:
        """R-SLA-10: `Refused` is for an operator to look at, `Later` is tried again."""
        for mood, wanted in (("refuses", Refused), ("later", Later)):
            if mood in self.moods:
                with self.standing(mood) as standing:
                    (result,) = self.acts(standing, self.escalation())
                    assert isinstance(result, wanted), f"{mood}: {result}"
                    assert result.why.strip(), f"{mood}: no reason is given"

    def test_nobody_there_is_never_done(self) -> None:
        """R-SLA-10: an escalation that nobody heard of is tried again, under the same id."""
        for mood in ("is away", *HANDED_OVER):
            if mood in self.moods:
                with self.standing(mood) as standing:
                    (result,) = self.acts(standing, self.escalation())
                    assert not isinstance(result, Done), f"{mood}: {result}"
                    assert isinstance(result, Later) or not self.can_wait, f"{mood}: {result}"

    def test_nonsense_raises_nothing(self) -> None:
        """A provider that is not itself today is one of the results, too."""
        if "talks nonsense" in self.moods:
            with self.standing("talks nonsense") as standing:
                self.acts(standing, self.escalation())

    def test_closes_twice(self) -> None:
        """A stop that is asked for twice is one stop."""

        async def twice(action: EscalationAction) -> None:
            await action.close()
            await action.close()

        with self.standing("takes") as standing:
            asyncio.run(twice(self._action(standing)))

    def test_what_it_says_holds_no_secret(self) -> None:
        """It is kept where operators look."""
        for mood in self.moods:
            with self.standing(mood) as standing:
                for one in self.acts(standing, self.escalation()):
                    self.holds_no_secret(one.note if isinstance(one, Done) else one.why)

    def acts(self, standing: Standing, *escalations: Escalation) -> list[Result]:
        """Return what came of each escalation, one of the closed set, within the time of an attempt."""

        async def act() -> list[Result]:
            action = self._action(standing)
            try:
                async with asyncio.timeout(ENOUGH_SECONDS):
                    return [await action.act(one) for one in escalations]
            finally:
                await action.close()

        results = asyncio.run(act())
        assert all(isinstance(one, _RESULTS) for one in results), f"none of the results: {results}"
        return results

    def _action(self, standing: Standing) -> EscalationAction:
        values = self.setup_values({**self.config, **standing.config}, {**self.secrets, **standing.secrets})
        made: EscalationAction = self.fitting(
            build(self.plugin, ActionSetup(**values, wait_seconds=standing.wait_seconds)), EscalationAction
        )
        return made


class HttpEscalationActionContract(HttpProvided, EscalationActionContract):
    """For another side that speaks HTTP: subclass it with `plugin` and `config_at`, and how it answers."""

    def test_every_attempt_says_which_escalation_it_is(self) -> None:
        """R-SLA-10: so that the other side can drop the second of two."""
        with self.standing("takes") as standing:
            self.acts(standing, self.escalation(7), self.escalation(7, attempt=2))
            for one in standing.requests:
                told = f"{one.path} {one.headers} {one.body.decode(errors='replace')}"
                assert "e7" in told, "the id of the escalation is not in the request"
