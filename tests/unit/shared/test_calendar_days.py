"""Office days, hand-over times, half-days and the refusals of the office calendar."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from shared.policy import BusinessCalendar, CalendarData, Duration, HalfDay, Hours, NoOfficeTimeError, due, load_policy

NINE_TO_FIVE = (Hours.parse("09:00-17:00"),)
SHUT: tuple[Hours, ...] = ()
FOUR = time(16)


@pytest.fixture(scope="module")
def office() -> BusinessCalendar:
    return load_policy().calendar("office")


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


@pytest.mark.parametrize(
    ("registered", "handed_over"),
    [
        ("2026-11-23T15:59:59.999999", "2026-11-23T16:00:00"),
        ("2026-11-23T16:00:00", "2026-11-24T16:00:00"),  # at 16:00 is the next day's
        ("2026-11-23T16:00:01", "2026-11-24T16:00:00"),
        ("2026-11-23T03:00:00", "2026-11-23T16:00:00"),
        ("2026-11-27T16:30:00", "2026-11-30T16:00:00"),  # Friday to Monday
        ("2026-11-28T10:00:00", "2026-11-30T16:00:00"),  # a closed day
        ("2026-09-30T16:00:00", "2026-10-08T16:00:00"),  # National Day
        ("2026-10-09T17:30:00", "2026-10-10T16:00:00"),  # a make-up Saturday
    ],
)
def test_cutoff(office: BusinessCalendar, registered: str, handed_over: str) -> None:
    """R-RT-03."""
    assert office.cutoff(at(registered), FOUR) == at(handed_over)


def test_cutoff_is_local_to_the_calendar(office: BusinessCalendar) -> None:
    """R-RT-03: 07:59 UTC is before 16:00 in Shanghai, 08:00 UTC is not."""
    assert office.cutoff(datetime(2026, 11, 23, 7, 59, tzinfo=UTC), FOUR) == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert office.cutoff(datetime(2026, 11, 23, 8, 0, tzinfo=UTC), FOUR) == datetime(2026, 11, 24, 8, tzinfo=UTC)


def test_make_up_and_holidays(office: BusinessCalendar) -> None:
    """R-SLA-13: the Saturday after National Day 2026 is worked, the week before it is not."""
    assert office.intervals(date(2026, 10, 10)) == NINE_TO_FIVE
    assert not any(office.office_day(date(2026, 10, day)) for day in range(1, 8))
    assert office.add(at("2026-09-30T16:30:00"), 3600) == at("2026-10-08T09:30:00")
    assert office.add(at("2026-10-09T16:00:00"), 2 * 3600) == at("2026-10-10T10:00:00")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-11-23T10:00:00", "2026-12-31T17:00:00", False),
        ("2026-12-31T16:00:00", "2027-01-04T10:00:00", True),
        ("2027-01-01T00:00:00", "2027-01-01T00:00:00", True),
        ("2026-12-31T23:59:59", "2026-12-31T23:59:59.999999", False),
        ("2019-12-31T12:00:00", "2020-01-02T12:00:00", True),
    ],
)
def test_provisional(office: BusinessCalendar, start: str, end: str, expected: bool) -> None:
    """R-SLA-13: what touches a year without an official schedule is provisional, by local date."""
    assert office.provisional(at(start), at(end)) is expected


def test_statutory_days_stand_in_for_a_schedule(office: BusinessCalendar) -> None:
    """R-SLA-13: 1 January 2027 is off, no weekend is worked; a year without any data has its weekdays."""
    assert not office.office_day(date(2027, 1, 1))
    assert office.add(at("2026-12-31T16:30:00"), 3600) == at("2027-01-04T09:30:00")
    assert office.office_day(date(2040, 10, 1))
    assert office.provisional(at("2040-10-01T10:00:00"), at("2040-10-01T11:00:00"))


def test_a_calendar_without_holidays_is_never_provisional() -> None:
    always = BusinessCalendar(CalendarData("always", "UTC", ((Hours.parse("00:00-24:00"),),) * 7))
    start = datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert not always.provisional(start, datetime(2031, 1, 1, tzinfo=UTC))
    assert always.add(start, 7200) == datetime(2027, 1, 1, 1, tzinfo=UTC)
    assert always.next_half_day(start) == datetime(2027, 1, 1, tzinfo=UTC)


def test_half_days(office: BusinessCalendar) -> None:
    """R-FB-01: attempts on different office half-days."""
    morning = at("2026-11-27T11:59:59")
    assert office.half_day(morning) == HalfDay(date(2026, 11, 27), "morning")
    assert office.half_day(at("2026-11-27T12:00:00")) == HalfDay(date(2026, 11, 27), "afternoon")
    following = [morning]
    for _ in range(3):
        following.append(office.next_half_day(following[-1]))
    assert following[1:] == [at("2026-11-27T12:00:00"), at("2026-11-30T09:00:00"), at("2026-11-30T12:00:00")]
    assert len({office.half_day(moment) for moment in following}) == 4


def test_special_days_win() -> None:
    """R-SLA-15: changed hours for an activity, even on a holiday."""
    day = date(2026, 11, 11)
    hours = (Hours.parse("09:00-12:00"), Hours.parse("13:00-21:00"))
    week = (*(NINE_TO_FIVE,) * 5, SHUT, SHUT)
    calendar = BusinessCalendar(
        CalendarData("sale", "Asia/Shanghai", week, closed=frozenset({day}), special={day: hours})
    )
    assert calendar.intervals(day) == hours
    assert calendar.add(at("2026-11-11T11:30:00"), 3600) == at("2026-11-11T13:30:00")
    assert calendar.add(at("2026-11-11T11:30:00"), 1800) == at("2026-11-11T12:00:00")
    assert not calendar.is_open(at("2026-11-11T12:00:00"))


def test_wall_durations_run_always(office: BusinessCalendar) -> None:
    start = at("2026-11-27T18:00:00")
    assert due(start, Duration.parse("24h wall"), office) == at("2026-11-28T18:00:00")
    assert due(start, Duration.parse("1h business"), office) == at("2026-11-30T10:00:00")
    assert due(start, Duration.parse("24h wall"), office).utcoffset() == timedelta()


def test_a_naive_moment_is_refused(office: BusinessCalendar) -> None:
    naive = datetime(2026, 11, 23, 10)  # noqa: DTZ001 - the refusal of it is the test
    for refused in (
        lambda: office.add(naive, 60),
        lambda: office.elapsed(at("2026-11-23T10:00:00"), naive),
        lambda: office.is_open(naive),
        lambda: office.cutoff(naive, FOUR),
        lambda: office.half_day(naive),
        lambda: office.provisional(naive, naive),
        lambda: due(naive, Duration.parse("24h wall"), office),
    ):
        with pytest.raises(ValueError, match="has no offset from UTC, so it names no instant"):
            refused()


def test_time_cannot_be_taken_away(office: BusinessCalendar) -> None:
    with pytest.raises(ValueError, match="only be added"):
        office.add(at("2026-11-23T10:00:00"), -1)


def test_a_calendar_that_stays_closed_says_so() -> None:
    shut = BusinessCalendar(CalendarData("shut", "UTC", (SHUT,) * 7, special={date(2026, 11, 23): NINE_TO_FIVE}))
    start = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert shut.add(start, 5 * 3600) == datetime(2026, 11, 23, 17, tzinfo=UTC)
    with pytest.raises(NoOfficeTimeError, match="calendar shut has no office hours"):
        shut.add(start, 5 * 3600 + 1)
    with pytest.raises(NoOfficeTimeError, match="calendar shut has no office hours"):
        shut.next_opening(start.replace(hour=17))
    with pytest.raises(NoOfficeTimeError, match="calendar shut has no office day"):
        shut.next_office_day(start.date())
