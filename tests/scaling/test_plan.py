"""The tables of docs/scaling.md are those that follow from docs/scaling.json, and follow rightly."""

import json
from typing import Any

import pytest

from tests.scaling.plan import FIGURES, PAGE, SERVERS, SERVICES, cores, disks, life_us, replicas, written

FOUND: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))


def test_the_page_has_the_figures_of_the_file() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert written(page, FOUND) == page, "run `python -m tests.scaling.plan`"


@pytest.mark.parametrize("process", [*SERVICES, *SERVERS])
def test_every_process_was_measured(process: str) -> None:
    assert life_us(FOUND, process) > 0


def test_replicas_and_cores_are_filled_to_the_wanted_share() -> None:
    found = {"opening": {"us": {"routing": 2_000}}, "handling_us": {"routing": 10_000, "nats": 6_000}}
    assert replicas(found, "routing", 10) == 2, "at least two: one may be lost"
    assert replicas(found, "routing", 100) == 2
    assert replicas(found, "routing", 101) == 3
    assert cores(found, "nats", 1) == 1
    assert cores(found, "nats", 101) == 2


def test_messages_go_after_a_month_and_records_after_three_years() -> None:
    left = {"events_bytes": 900, "contacts_bytes": 100, "passing_bytes": 10, "records_bytes": 2}
    assert disks({"life_leaves": left}, 1) == (30_000, 300 + 2_190)
