"""A very short run from end to end: what is measured is not looked at, only that it is all there and told."""

import io
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from shared.bench.machine import machine
from shared.bench.report import print_report
from shared.bench.run import PARTS, BenchRun
from shared.bench.targets import TARGETS, verdicts
from shared.bench.throughput import LEAST, measure_throughput
from tests.command_line import yingda


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield a folder that PostgreSQL's own user may enter, wherever the tests run as root."""
    path = Path(tempfile.mkdtemp(prefix="yingda-bench-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.mark.timeout(300)
async def test_the_suite_and_both_baselines_take_the_same_contacts(folder: Path) -> None:
    found = await measure_throughput(folder, 0, lambda _: None, settle_seconds=1.5)
    assert found.suite.contacts == found.bare.contacts == found.classic.contacts == LEAST
    assert sum(found.suite.notices.values()) == LEAST
    assert found.footprint.messages > 3
    assert found.bare.events == pytest.approx(found.footprint.messages * LEAST, rel=0.05)
    assert found.classic.events == pytest.approx(found.footprint.messages * LEAST, rel=0.05)
    assert {stage.name for stage in found.footprint.stages} == {"intake", "routing", "sla", "notify", "feedback"}
    assert {
        "intake",
        "routing",
        "sla",
        "notify",
        "feedback",
        "nats",
        "postgres",
    } <= found.suite.cpu_us_per_contact.keys()
    parts = {"throughput": found.model_dump()}
    run = BenchRun(machine=machine(), size=0, parts=parts, targets=verdicts(parts))
    out = io.StringIO()
    print_report(run, Console(file=out, width=200))
    assert "suite to bare" in out.getvalue()
    assert "MISSED" in out.getvalue()
    assert BenchRun.model_validate_json(run.model_dump_json()).targets == run.targets


def test_every_target_belongs_to_a_part_and_is_judged_on_its_own_side() -> None:
    assert {target.part for target in TARGETS} == PARTS.keys()
    idle: dict[str, Any] = {"highest_cpu_percent": 1.0, "highest_resident_mb": 121.0, "ready_seconds": 5.9}
    found = verdicts({"idle": idle})
    assert [one.met for one in found] == [True, False, True]
    assert found[1].sentence == "idle: the largest idle service: 121, wanted at most 120 MB"
    latency = {"lone": {"p99_ms": 100.1}, "steady": {"to_work_order": {"p99_ms": 250}}}
    assert [one.met for one in verdicts({"latency": latency})] == [False, True]


def test_a_part_that_there_is_not_is_wrong_use() -> None:
    outcome = yingda("bench", "everything")
    assert outcome.code == 2
    assert "'everything' is not one of" in outcome.err
