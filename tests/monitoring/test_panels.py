"""Every panel of every dashboard shows something of a running suite under a mixed load, by a real Prometheus (R-OB-02)."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from shared.metrics import REGISTRY
from shared.monitoring.dashboards import DASHBOARDS
from shared.monitoring.grafana import Kind
from tests.monitoring.loaded import loaded
from tests.monitoring.programs import Prometheus
from tests.polling import NotInTimeError, until
from tests.web_client import get

SHOWN_SECONDS = 200
QUIET = {
    "Waiting in the bus": "the load is small, and looked at every five seconds",
    "Waiting for each service": "the same",
    "Outboxes": "the same",
    "Oldest unpublished event": "everything is published at once",
    "Parked": "events come in their order",
    "Missing": "nothing is missing",
    "Overdue now": "what is overdue may just have been done",
    "Void and moved: moved by {{cause}}": "due times move with another policy or new holidays only",
    "Refused": "the policy file stays as it is",
    "Read again": "the same",
    "Spans for traces": "there is no collector of traces",
    "Expired rows": "nothing is older than its days",
    "Surveys open": "the one that was issued is answered",
    "Waiting for the bus": "it answers at once",
    "Set aside": "no machine writes",
    "Cannot be used": "every plugin works",
    "Left alone": "the same",
    "Failures": "the same",
    "Failures by reason": "the same",
    "Longest call in hand": "a call is over when somebody looks",
    "Unknown": "whether a doubtful one is a customer's depends on the gateway's turn",
}
"""Panels, or one query of theirs, that may rightly show nothing but zeros under the load, and why."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One query of a panel, as Grafana sends it."""

    name: str
    kind: Kind
    expr: str
    loud: bool

    async def of(self, prometheus: Prometheus, begin: float) -> tuple[float, ...]:
        """Return every value that the panel draws."""
        answer = prometheus.over(self.expr, begin) if self.kind == "timeseries" else prometheus.now(self.expr)
        return tuple(value for series in await answer for value in series.values)


def queries() -> Iterator[Shown]:
    variables = {"$__range": "10m", "$__rate_interval": "15s", "$department": ".*"}
    for dashboard in DASHBOARDS:
        for panel in dashboard.panels():
            for query in panel.queries:
                expr = re.sub(r"\$\w+", lambda found: variables[found[0]], query.expr)
                quiet = QUIET.keys() & {panel.title, f"{panel.title}: {query.legend}"}
                yield Shown(f"{dashboard.title}, {panel.title}: {expr}", panel.kind, expr, not quiet)


async def show(prometheus: Prometheus, begin: float, load: asyncio.Task[None]) -> None:
    """Return when every panel has shown what it should; else say which do not."""
    waiting = {shown.name: shown for shown in queries()}
    last: dict[str, str] = {}

    async def all_shown() -> bool:
        if load.done():
            load.result()  # what went wrong there, before anybody wonders about panels
        for shown in list(waiting.values()):
            values = await shown.of(prometheus, begin)
            if values and (any(values) or not shown.loud):
                del waiting[shown.name]
            else:
                last[shown.name] = "zeros" if values else "no data"
        return not waiting and load.done()

    try:
        await until(all_shown, SHOWN_SECONDS, every=1)
    except NotInTimeError:
        told = "\n".join(f"{last[name]}: {name}" for name in waiting)
        raise AssertionError(f"{len(waiting)} queries show nothing:\n{told}") from None


@pytest.mark.timeout(400)
async def test_every_query_of_every_panel_shows_something_under_a_mixed_load() -> None:
    """R-OB-01, R-OB-02: no query without data, none with zeros alone but where that is right; all of it is declared."""
    async with loaded() as (suite, prometheus, begin, load):
        await show(prometheus, begin, load)
        exported = [await get(url) for url in suite.endpoints["metrics"].values()]
    told = set(re.findall(r"^# TYPE (\w+)", "\n".join(reply.text for reply in exported), re.MULTILINE))
    declared = {family.name for family in REGISTRY.collect()}
    assert {name.removesuffix("_total") for name in told} == declared


def test_what_may_be_quiet_is_a_panel() -> None:
    """A reason for a panel that was renamed would hide nothing, and excuse nothing."""
    titles = {panel.title for dashboard in DASHBOARDS for panel in dashboard.panels()}
    assert {name.partition(":")[0] for name in QUIET} <= titles
