"""Days off from iCalendar files (R-SLA-15)."""

from datetime import date
from pathlib import Path

import pytest

from shared.policy import PolicyFileError, load_policy
from shared.policy.hours import DaySpan
from shared.policy.ical import ICalError, read_ical
from shared.policy.loader import DEFAULT_POLICY


def calendar(*events: str) -> str:
    inner = "".join(f"BEGIN:VEVENT\r\n{event}\r\nEND:VEVENT\r\n" for event in events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Invented//EN\r\n{inner}END:VCALENDAR\r\n"


FOUNDING = "UID:1\r\nDTSTART;VALUE=DATE:20270308\r\nDTEND;VALUE=DATE:20270310\r\nSUMMARY:公司\r\n 周年"


def test_all_day_events_are_closed_days() -> None:
    days = read_ical(calendar(FOUNDING, "DTSTART;VALUE=DATE:20270501", "DTSTART:20270601\r\nDURATION:P1W"))
    assert [str(span) for span in days.closed] == ["2027-03-08..2027-03-09", "2027-05-01", "2027-06-01..2027-06-07"]
    assert days.make_up == ()


@pytest.mark.parametrize(
    "mark",
    [
        "SUMMARY:春节(班)",
        "SUMMARY:春节（班）",
        "SUMMARY:国庆节 补班",
        "X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY",
        "SUMMARY:春节 补\r\n\t班",
    ],
)
def test_make_up_days_say_so(mark: str) -> None:
    days = read_ical(calendar(f"DTSTART;VALUE=DATE:20270213\r\n{mark}"))
    assert days.make_up == (date(2027, 2, 13),)
    assert days.closed == ()


def test_appointments_cancelled_events_and_alarms_are_passed_over() -> None:
    days = read_ical(
        calendar(
            "DTSTART;TZID=Asia/Shanghai:20270308T090000\r\nRRULE:FREQ=WEEKLY\r\nSUMMARY:meeting",
            "DTSTART;VALUE=DATE:20270309\r\nSTATUS:CANCELLED",
            "BEGIN:VALARM\r\nDTSTART;VALUE=DATE:20270101\r\nEND:VALARM\r\nDTSTART;VALUE=DATE:20270310",
        )
    )
    assert days.closed == (DaySpan(date(2027, 3, 10), date(2027, 3, 10)),)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "is no iCalendar file"),
        ("a: 1\n", 1, "is no iCalendar file"),
        (calendar("DTSTART;VALUE=DATE:20270308\r\nRRULE:FREQ=YEARLY"), 6, "recurring events are not read"),
        (calendar("DTSTART;VALUE=DATE:20270230"), 5, '"20270230" is no day'),
        (calendar("DTSTART;VALUE=DATE:2027-03-08"), 5, '"2027-03-08" is no day'),
        (calendar("DTSTART;VALUE=DATE:20270308\r\nDURATION:PT1H"), 6, '"PT1H" is no whole number of days'),
        (calendar("DTSTART;VALUE=DATE:20270308\r\nDTEND;VALUE=DATE:20290308"), 5, "is longer than a year"),
        (calendar("nonsense"), 5, "a colon is missing"),
        ("BEGIN:VCALENDAR\nEND:VEVENT\n", 2, "END:VEVENT ends nothing that has begun"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\n", 2, "the file ends inside VEVENT"),
    ],
)
def test_what_cannot_be_read_names_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(ICalError, match=message) as caught:
        read_ical(text)
    assert caught.value.line == line


def policy_file(tmp_path: Path) -> Path:
    text = DEFAULT_POLICY.read_text(encoding="utf-8").replace("    ical: []", "    ical: [days-off.ics]", 1)
    path = tmp_path / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_policy_takes_its_days_from_the_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "days-off.ics").write_text(
        calendar(FOUNDING, "DTSTART;VALUE=DATE:20270313\r\nSUMMARY:补班"), encoding="utf-8"
    )
    policy = load_policy(policy_file(tmp_path))
    office = policy.calendar()
    assert [day for day in range(8, 15) if office.office_day(date(2027, 3, day))] == [10, 11, 12, 13]
    assert policy.policy_version != load_policy().policy_version


def test_faults_of_the_file_are_faults_of_the_policy(tmp_path: Path) -> None:
    path = policy_file(tmp_path)
    with pytest.raises(
        PolicyFileError, match=r"policy\.yaml:\d+: calendars\.office\.ical\.0: days-off\.ics cannot be read: No such"
    ):
        load_policy(path)
    (tmp_path / "days-off.ics").write_text(calendar("nonsense"), encoding="utf-8")
    with pytest.raises(PolicyFileError, match=r'^days-off\.ics:5: "nonsense" is no line of an iCalendar file'):
        load_policy(path)
    (tmp_path / "days-off.ics").write_bytes(b"\xff\xfe")
    with pytest.raises(PolicyFileError, match=r"^days-off\.ics: is not UTF-8 text$"):
        load_policy(path)
