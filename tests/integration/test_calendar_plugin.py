"""A stranger's calendar decides deadlines on real servers, and moves them when it has news (R-SLA-13, R-SLA-15)."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.sla.app import SERVICE
from shared.events import SlaRescheduled, SlaStarted
from shared.policy import load_policy
from shared.testing.bench import service_bench
from shared.testing.clock import SetClock
from tests import calendar_of_a_stranger as rota
from tests.integration.sla_house import House
from tests.unit.sla.story import Story, local

OPENED = local("2026-12-31 16:00")


def roster(*off: str, official: bool) -> dict[str, Any]:
    known = {"official": True, "off": [], "shifts": {}}
    return {"2026": known, "2027": {"official": official, "off": off, "shifts": {"2027-01-03": "10:00-22:00"}}}


async def test_a_strangers_calendar_gives_deadlines_and_moves_them_with_its_news(
    database_url: str, fresh_nats: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-SLA-13: provisional while the plugin says so, computed anew at the next start after it has changed its mind."""
    rota.installed(tmp_path, monkeypatch)
    (tmp_path / "rota.json").write_text(json.dumps(roster("2027-01-01..2027-01-02", official=False)))
    policy = load_policy(rota.policy_file(tmp_path))
    async with service_bench(SERVICE, database_url, fresh_nats, clock=SetClock(OPENED), policy=policy) as bench:
        house = House(bench)
        await bench.happens(Story().opened(OPENED, policy_version=policy.policy_version))
        started = {one.metric: one for one in await bench.told(SlaStarted)}
        # An hour of the last day and one of the Sunday on which the shop has its shift.
        resolution = started["resolution"]
        assert (resolution.due_at, resolution.provisional) == (local("2027-01-03 11:00"), True)

        (tmp_path / "rota.json").write_text(json.dumps(roster("2027-01-02", official=True)))
        news = load_policy(rota.policy_file(tmp_path))
        assert news.policy_version != policy.policy_version
        await House(await bench.replica(policy=news)).renew()
        moved = [one for one in await bench.told(SlaRescheduled) if one.metric == "resolution"]
        assert [(one.due_at, one.provisional) for one in moved] == [(local("2027-01-01 10:00"), False)]
        (clock,) = await house.clocks(metric="resolution")
        assert clock["provisional"] is False
