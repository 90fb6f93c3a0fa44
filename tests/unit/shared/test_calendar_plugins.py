"""Calendars from plugins: read with the policy file, part of the policy from then on (R-SLA-12, R-SLA-13, R-SLA-15)."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from shared import calendar_plugins
from shared.cli.policy_in_force import PolicyInForce
from shared.policy import Hours, Policy, PolicyFileError, load_policy
from shared.policy.calendars import CalendarSpec, HolidaySet
from tests import calendar_of_a_stranger as rota
from tests.command_line import yingda
from tests.unit.sla.story import local

ROSTER: dict[str, Any] = {
    "2026": {"official": True, "off": ["2026-11-25..2026-11-26"], "shifts": {"2026-11-28": "10:00-22:00"}},
    "2027": {"official": False, "off": ["2027-01-01"], "shifts": {}},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rota.installed(tmp_path, monkeypatch)
    (tmp_path / "rota.json").write_text(json.dumps(ROSTER))
    return tmp_path


def loaded(folder: Path, plugin: str = rota.WITH) -> Policy:
    return load_policy(rota.policy_file(folder, plugin))


def faults(folder: Path, plugin: str) -> list[str]:
    with pytest.raises(PolicyFileError) as caught:
        loaded(folder, plugin)
    return [str(fault) for fault in caught.value.faults]


def test_a_strangers_days_are_the_calendars_days(folder: Path) -> None:
    """R-SLA-15: closed days, hours of single days, and the week where the plugin says nothing."""
    office = loaded(folder).calendar("office")
    assert [office.office_day(date(2026, 11, day)) for day in (24, 25, 26, 27, 28, 29)] == [
        True, False, False, True, True, False,
    ]  # fmt: skip
    assert office.intervals(date(2026, 11, 28)) == (Hours.parse("10:00-22:00"),)
    assert office.intervals(date(2026, 10, 1))  # nothing is left of the official holidays


def test_what_a_plugin_says_is_provisional_where_it_says_so(folder: Path) -> None:
    """R-SLA-13: and where it knows nothing."""
    office = loaded(folder).calendar("office")
    assert not office.provisional(local("2026-11-23 10:00"), local("2026-12-31 17:00"))
    assert office.provisional(local("2026-12-31 16:00"), local("2027-01-04 10:00"))
    assert office.provisional(local("2028-02-01 10:00"), local("2028-02-02 10:00"))
    assert office.official_days(local("2026-12-01 10:00")) == 31


def test_the_version_of_the_policy_changes_with_the_plugins_days(folder: Path) -> None:
    """R-SLA-12: and with nothing else of the plugin."""
    before = loaded(folder)
    assert loaded(folder).policy_version == before.policy_version
    (folder / "rota.json").write_text(json.dumps({**ROSTER, "2027": {"official": True, "off": [], "shifts": {}}}))
    assert loaded(folder).policy_version != before.policy_version


def test_the_policy_in_force_needs_no_plugin_and_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-SLA-12: all processes of a suite compute with the days that were read once, whatever the plugin says later."""
    ical = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261224\nEND:VEVENT\nEND:VCALENDAR\n"
    (folder / "more.ics").write_text(ical)
    file = rota.policy_file(folder)
    file.write_text(file.read_text(encoding="utf-8").replace("ical: []", "ical: [more.ics]"), encoding="utf-8")
    policy = load_policy(file)
    (folder / "data").mkdir()
    in_force = PolicyInForce(file, folder / "data")
    in_force.adopt(policy)
    (folder / "rota.json").unlink()
    (folder / "more.ics").unlink()
    monkeypatch.setattr(calendar_plugins, "plugin_named", pytest.fail)
    copy = load_policy(Path(in_force.environment()["YINGDA_POLICY"]))
    assert copy.policy_version == policy.policy_version
    assert not copy.calendar("office").office_day(date(2026, 11, 25))
    assert not copy.calendar("office").office_day(date(2026, 12, 24))


def test_the_houses_own_days_win_over_those_of_the_plugin(folder: Path) -> None:
    """R-SLA-15."""
    own = '    closed_days: ["2026-11-28"]\n    make_up_days: ["2026-11-25"]\n'
    written = rota.policy_file(folder).read_text(encoding="utf-8")
    kept = [line for line in written.splitlines() if not line.startswith(("    closed_days: ", "    make_up_days: "))]
    file = folder / "own.yaml"
    file.write_text("\n".join(kept).replace("    ical: []", own + "    ical: []"), encoding="utf-8")
    office = load_policy(file).calendar("office")
    assert [office.office_day(date(2026, 11, day)) for day in (25, 26, 28)] == [True, False, False]


def test_settings_may_stand_with_the_other_plugins(folder: Path) -> None:
    short = "    plugin: {name: rota, years: 2026}\n"
    file = rota.policy_file(folder, short)
    written = file.read_text(encoding="utf-8")
    general = "  calendars: {rota: {file: rota.json}}\n"
    file.write_text(
        written.replace("\nplugins:\n", f"\nplugins:\n{general}")
        if "\nplugins:\n" in written
        else f"{written}\nplugins:\n{general}",
        encoding="utf-8",
    )
    assert not load_policy(file).calendar("office").office_day(date(2026, 11, 25))


@pytest.mark.parametrize(
    ("plugin", "line", "message"),
    [
        (rota.WITH.replace("rota\n", "rotas\n"), 0, 'there is no calendar plugin "rotas"; installed are: cn, rota'),
        (rota.WITH.replace("file:", "fil:"), 4, "no such key is known here (did you mean"),
        (rota.WITH.replace("config:\n        file: rota.json", "config: {}"), 3, "is missing"),
        (rota.WITH.replace("2026..2027", "2026..2016"), 2, "ends before it begins"),
        (rota.WITH.replace("name:", "nam:"), 1, "no such key is known here"),
        (rota.WITH.replace("2026..2027", "2031"), 0, 'the calendar plugin "rota" knows nothing of 2031'),
        (rota.WITH + "        mood: sorry\n", 0, 'the calendar plugin "rota" cannot tell of 2026: the shop has no roster'),
        (rota.WITH + "        mood: wrong type\n", 0, "answers 2026 by a dict, no HolidayYear"),
        (rota.WITH + rota.WITHOUT, 0, "not both"),
    ],
)  # fmt: skip
def test_faults_have_their_lines(folder: Path, plugin: str, line: int, message: str) -> None:
    written = rota.policy_file(folder, plugin).read_text(encoding="utf-8").splitlines()
    found, place = faults(folder, plugin), written.index("    plugin:") + 1 + line
    assert any(fault.startswith(f"policy.yaml:{place}: ") and message in fault for fault in found), found


def test_a_failing_calendar_is_one_sentence_without_what_it_was_about(folder: Path) -> None:
    """R-SLA-13: a deadline is never guessed, so the policy is not used at all."""
    outcome = yingda("policy", "check", str(rota.policy_file(folder, rota.WITH + "        mood: broken\n")))
    assert (outcome.code, outcome.out) == (1, "")
    (line,) = outcome.err.splitlines()
    assert 'the calendar plugin "rota" failed at 2026: KeyError in strangers_rota.py line ' in line
    assert "Wang" not in line


def test_a_hanging_calendar_is_left_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_plugins, "LIMIT_SECONDS", 0.05)
    (fault,) = faults(folder, rota.WITH + "        mood: hung\n")
    assert 'the calendar plugin "rota" has not answered within 0.05 s' in fault


def test_days_of_another_year_are_refused(folder: Path) -> None:
    shifted = {"2026": {"official": True, "off": ["2027-11-25"], "shifts": {}}}
    (folder / "rota.json").write_text(json.dumps(shifted))
    (fault,) = faults(folder, rota.WITH)
    assert "2027-11-25 is not a day of 2026" in fault


def test_the_official_holidays_come_in_through_the_same_door(folder: Path) -> None:
    """R-SLA-13: as `holidays: cn` gives them."""
    plugged = loaded(folder, "    plugin: {name: cn, years: 2025..2027}\n")
    packaged = load_policy(None).holidays["cn"]
    assert plugged.holidays["office"].years == {year: packaged.years[year] for year in (2025, 2026, 2027)}


def test_a_set_of_holidays_may_hold_hours_of_single_days() -> None:
    """R-SLA-15: as the morning before a holiday; the calendar's own special days win."""
    years = {
        2026: {"official": True, "holidays": [], "special_days": {"2026-12-24": ["09:00-12:00"], "2026-12-31": []}}
    }
    holidays = HolidaySet.model_validate({"source": "", "years": years})
    spec = CalendarSpec.model_validate(
        {"hours": {day: ["09:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
         "special_days": {"2026-12-31": ["09:00-10:00"]}}
    )  # fmt: skip
    special = spec.data("office", "Asia/Shanghai", holidays).special
    assert {str(day): [str(part) for part in hours] for day, hours in special.items()} == {
        "2026-12-24": ["09:00-12:00"],
        "2026-12-31": ["09:00-10:00"],
    }
