"""`yingda report` against feedback on real NATS and PostgreSQL (R-FB-05)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.feedback.app import SERVICE
from shared.bus.commands import CommandServer
from shared.testing.bench import ServiceBench, service_bench
from shared.testing.clock import SetClock
from tests.command_line import yingda_beside
from tests.unit.feedback.builders import Life, local


@pytest.fixture
async def bench(
    database_url: str, fresh_nats: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ServiceBench]:
    monkeypatch.setenv("YINGDA_NATS_URL", fresh_nats)
    monkeypatch.setenv("YINGDA_DATA", str(tmp_path))
    clock = SetClock(local("2026-11-25 10:00"))
    async with service_bench(SERVICE, database_url, fresh_nats, clock=clock) as ready:
        server = CommandServer(ready.client, ready.desk, "feedback")
        await server.start()
        await ready.happens(Life("w1").opened(at=local("2026-11-24 10:00")))
        yield ready
        await server.stop()


async def test_a_report_of_any_period_is_written_where_wanted(bench: ServiceBench, tmp_path: Path) -> None:
    """R-FB-05: `yingda report weekly|monthly [--from --to --out --lang]`; each file's name is printed."""
    outcome = await yingda_beside(
        "report", "weekly", "--from", "2026-11-23", "--out", str(tmp_path / "out"), "--lang", "en"
    )
    assert (outcome.code, outcome.err) == (0, "")
    files = [Path(line) for line in outcome.lines]
    assert [file.name for file in files] == ["weekly-2026-11-23.en.html", "weekly-2026-11-23.en.csv"]
    assert files[0].read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert files[1].read_bytes().startswith(b"\xef\xbb\xbf")
    span = await yingda_beside(
        "report", "monthly", "--from", "2026-11-02", "--to", "2026-11-15", "--out", str(tmp_path)
    )
    assert [Path(line).name for line in span.lines] == [
        f"monthly-2026-11-02-to-2026-11-15.zh.{one}" for one in ("html", "csv")
    ]
    last = await yingda_beside("report", "monthly", "--out", str(tmp_path))
    assert Path(last.lines[0]).name == "monthly-2026-10-01.zh.html"


async def test_published_reports_are_listed(bench: ServiceBench, tmp_path: Path) -> None:
    """R-FB-05."""
    bench.clock.at = local("2026-11-30 08:00")
    (press,) = [one for one in bench.parts.loops if one.name == "reports"]
    await press.turn()
    outcome = await yingda_beside("report", "list")
    assert outcome.code == 0
    assert outcome.lines[1].split()[0] == "weekly"
    assert "weekly-2026-11-23.zh.html" in outcome.out
    assert '"report":"weekly"' in (await yingda_beside("report", "list", "--json")).out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("weekly", "--lang", "fr"), 2, "--lang is zh or en, not fr"),
        (("weekly", "--from", "yesterday"), 2, "--from is a day in the form 2026-11-23, not yesterday"),
        (("weekly", "--from", "2026-11-23", "--to", "2026-11-20"), 1, "A report is of 1 to 400 days"),
        (("weekly", "--by", "service-1"), 1, "Reports are for supervisors, heads and the manager."),
        (("weekly", "--by", "nobody"), 1, "nobody is not in the staff directory."),
        (("weekly", "--out", "/dev/null/x"), 1, "the report cannot be written to /dev/null/x"),
    ],
)
async def test_wrong_use_is_one_sentence(bench: ServiceBench, arguments: tuple[str, ...], code: int, said: str) -> None:
    """R-FB-05."""
    outcome = await yingda_beside("report", *arguments)
    assert outcome.code == code
    assert said in outcome.err
    assert len(outcome.err.splitlines()) == 1
