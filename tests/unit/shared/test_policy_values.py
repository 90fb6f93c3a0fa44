"""Values of a policy: durations, hours, versions, look-ups, other calendars and templates."""

import json
import subprocess
import sys
from datetime import date, datetime, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.policy import Duration, Hours, Policy, UnknownNameError, load_policy
from shared.policy.hours import DailyWindow, DaySpan, format_time, parse_time
from shared.policy.loader import DEFAULT_POLICY

DEFAULT = DEFAULT_POLICY.read_text(encoding="utf-8")


def policy_of(tmp_path: Path, *changes: tuple[str, str]) -> Policy:
    text = DEFAULT
    for good, bad in changes:
        assert good in text
        text = text.replace(good, bad, 1)
    path = tmp_path / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    return load_policy(path)


@given(st.integers(0, 3 * 10**8), st.sampled_from(["business", "wall"]))
def test_durations_come_back_as_they_were_written(seconds: int, kind: str) -> None:
    duration = Duration(seconds, "business" if kind == "business" else "wall")
    assert Duration.parse(str(duration)) == duration


@pytest.mark.parametrize(
    ("text", "seconds", "printed"),
    [
        ("45m business", 2700, "45m business"),
        ("60m business", 3600, "1h business"),
        ("2d business", 2 * 480 * 60, "2d business"),
        ("480m business", 28_800, "1d business"),
        ("24h wall", 86_400, "24h wall"),
        ("48h wall", 172_800, "48h wall"),
        ("7d wall", 604_800, "7d wall"),
        ("90s wall", 90, "90s wall"),
    ],
)
def test_durations_of_the_handbook(text: str, seconds: int, printed: str) -> None:
    """Handbook, section 1: one working hour is 60 business minutes, one working day 480."""
    duration = Duration.parse(text)
    assert (duration.seconds, str(duration)) == (seconds, printed)
    assert duration.timedelta.total_seconds() == seconds


@pytest.mark.parametrize(
    "text", ["", "24h", "24 h wall", "1.5h wall", "-1h wall", "1w wall", "24h  wall", "24h wall\n", "99999d wall"]
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        Duration.parse(text)


@given(st.integers(0, 86_399), st.integers(1, 86_400))
def test_hours_come_back_as_they_were_written(start: int, length: int) -> None:
    hours = Hours(start, min(start + length, 86_400))
    assert Hours.parse(str(hours)) == hours


@given(st.times())
def test_times_come_back_as_they_were_written(at: time) -> None:
    assert parse_time(format_time(at)) == at.replace(microsecond=0)


def test_a_window_over_midnight() -> None:
    """R-NT-05: quiet hours 21:00-08:00, half open."""
    quiet = DailyWindow.parse("21:00-08:00")
    assert [at in quiet for at in (time(20, 59, 59), time(21), time(0), time(7, 59, 59), time(8), time(12))] == [
        False,
        True,
        True,
        True,
        False,
        False,
    ]
    assert quiet.end_time == time(8)
    assert [at in DailyWindow.parse("12:00-14:00") for at in (time(11), time(12), time(14))] == [False, True, False]


def test_days_in_a_row() -> None:
    span = DaySpan.parse("2026-02-27..2026-03-01")
    assert list(span) == [date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1)]
    assert str(span) == "2026-02-27..2026-03-01"
    with pytest.raises(ValueError, match="longer than a year"):
        DaySpan.parse("2026-01-01..2036-01-01")


def test_the_version_names_the_content(tmp_path: Path) -> None:
    """R-SLA-12: comments and ways of writing do not change the version, figures do."""
    default = load_policy()
    assert default.policy_version == f"2026.1+{default.digest[:8]}"
    same = policy_of(
        tmp_path, ("resolution: 1d business", "resolution: 480m business"), ("# Section 5.", "# Chapter 5.")
    )
    assert same == default
    assert same.policy_version == default.policy_version
    other = policy_of(tmp_path, ("resolution: 1d business", "resolution: 481m business"))
    assert other != default
    assert other.policy_version != default.policy_version


def test_a_policy_comes_back_from_its_plain_content() -> None:
    default = load_policy()
    again = Policy.model_validate(json.loads(json.dumps(default.plain)))
    assert again == default
    assert again.digest == default.digest


def test_a_policy_made_in_code_is_checked_too() -> None:
    plain = json.loads(json.dumps(load_policy().plain))
    plain["calendar"] = "offic"
    with pytest.raises(ValidationError, match=r'calendar: no calendar is named "offic" \(did you mean "office"\?\)'):
        Policy.model_validate(plain)


def test_a_policy_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_policy().version = "2"  # type: ignore[misc]  # what must not work
    with pytest.raises(ValidationError, match="frozen"):
        load_policy().sla.warnings = (90,)  # type: ignore[misc]  # what must not work


def test_the_schema_can_be_published() -> None:
    schema = Policy.model_json_schema()
    assert schema["$defs"]["SlaPolicy"]["properties"]["progress_update"] == {
        "pattern": "^(\\d{1,9})([smhd]) (business|wall)$",
        "title": "Progress Update",
        "type": "string",
    }


def test_unknown_names_are_refused() -> None:
    policy = load_policy()
    for kind, ask in (
        ("category", lambda: policy.category("x")),
        ("category", lambda: policy.target("resolution", "x", "normal")),
        ("department", lambda: policy.supervisor_of("x")),
        ("department", lambda: policy.head_of("x")),
        ("department", lambda: policy.calendar_of("x")),
        ("calendar", lambda: policy.calendar("x")),
    ):
        with pytest.raises(UnknownNameError) as caught:
            ask()
        assert str(caught.value) == f'the policy has no {kind} named "x"'


def test_a_department_may_have_its_own_calendar(tmp_path: Path) -> None:
    """R-SLA-15: other hours, another time zone, no holidays, a lunch break."""
    calendars = """\
  shop:
    timezone: Europe/Berlin
    hours: {mon: [], tue: ["10:00-12:00", "14:00-20:00"], wed: [], thu: [], fri: [], sat: ["10:00-14:00"], sun: []}
    special_days: {2026-11-23: ["10:00-11:00"]}
"""
    policy = policy_of(
        tmp_path,
        ("\n# Section 1. `owner`", f"\n{calendars}\n# Section 1. `owner`"),
        (
            "network: {name: {zh: 网络部, en: Network}, kind: owner}",
            "network: {name: {zh: 网络部, en: Network}, kind: owner, calendar: shop}",
        ),
    )
    shop = policy.calendar_of("network")
    assert shop.name == "shop"
    assert policy.calendar_of("market").name == policy.calendar_of(None).name == "office"
    start = datetime.fromisoformat("2026-11-23T10:30:00+01:00")
    assert shop.add(start, 4 * 3600) == datetime.fromisoformat("2026-11-24T15:30:00+01:00")
    assert not shop.provisional(start, datetime.fromisoformat("2029-01-01T00:00:00+01:00"))
    assert shop is policy.calendar("shop")


def test_the_house_may_change_single_days(tmp_path: Path) -> None:
    """R-SLA-15: the house's own days win over the public ones."""
    policy = policy_of(
        tmp_path,
        ("closed_days: []", "closed_days: [2026-10-10, 2026-12-24..2026-12-25]"),
        ("make_up_days: []", "make_up_days: [2026-10-01, 2026-11-28]"),
        ('make_up_hours: ["09:00-17:00"]', 'make_up_hours: ["10:00-12:00"]'),
    )
    office = policy.calendar()
    assert not office.office_day(date(2026, 10, 10))
    assert not office.office_day(date(2026, 12, 25))
    assert office.intervals(date(2026, 10, 1)) == (Hours.parse("09:00-17:00"),)  # a Thursday keeps its hours
    assert office.intervals(date(2026, 11, 28)) == (Hours.parse("10:00-12:00"),)
    assert policy.policy_version != load_policy().policy_version


def test_holiday_data_beside_the_policy_wins(tmp_path: Path) -> None:
    """R-SLA-13: when the schedule of 2027 is published, its file makes the year official."""
    data = """\
source: invented for a test
years:
  2027:
    official: true
    holidays: [{name: {zh: 元旦, en: New Year's Day}, days: 2027-01-01..2027-01-04}]
    make_up_days: [2027-01-09]
"""
    (tmp_path / "holidays.cn.yaml").write_text(data, encoding="utf-8")
    policy = policy_of(tmp_path)
    office = policy.calendar()
    start = datetime.fromisoformat("2027-01-03T10:00:00+08:00")
    assert not office.provisional(start, start)
    assert office.next_opening(start) == datetime.fromisoformat("2027-01-05T09:00:00+08:00")
    assert office.office_day(date(2027, 1, 9))
    holiday = policy.holiday(date(2027, 1, 2))
    assert holiday is not None
    assert holiday.name.in_locale("zh-CN") == "元旦"
    assert holiday.name.in_locale("en") == "New Year's Day"


def test_a_category_may_have_its_own_template(tmp_path: Path) -> None:
    """R-NT-03."""
    own = ("emergency: {accepted: emergency_accepted}", "complaint: {accepted: accepted_sorry}")
    policy = policy_of(tmp_path, own)
    templates = policy.notify.templates
    assert templates.name("accepted", "complaint") == "accepted_sorry"
    assert templates.name("result", "complaint") == "result"
    assert templates.name("accepted") == "accepted"


def test_the_default_is_read_once() -> None:
    assert load_policy() is load_policy(None)


@pytest.mark.slow
def test_importing_the_policy_brings_no_holiday_package_along() -> None:
    """The data is the repository's own: chinesecalendar is for the command that writes it and for tests."""
    code = "import sys, shared.policy; shared.policy.load_policy(); print('chinese_calendar' in sys.modules)"
    root = DEFAULT_POLICY.parents[2]
    answer = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert answer.stdout == "False\n"
