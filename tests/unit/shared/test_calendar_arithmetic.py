"""The office calendar against a slow, obvious clock that is asked minute by minute (R-SLA-13, R-SLA-15)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.policy import BusinessCalendar, CalendarData, Hours
from tests.examples import examples

MINUTE = timedelta(minutes=1)
CLOSED = ((), ())
NINE_TO_FIVE = (Hours.parse("09:00-17:00"),)

# Moments around which clocks are changed, by zone: an hour, half an hour, at midnight, never.
ZONES = {
    "Asia/Shanghai": [datetime(2026, 12, 31, 16, tzinfo=UTC), datetime(2026, 2, 14, tzinfo=UTC)],
    "Europe/Berlin": [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)],
    "Australia/Lord_Howe": [datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2026, 10, 3, 15, 30, tzinfo=UTC)],
    "America/Havana": [datetime(2026, 3, 8, 5, tzinfo=UTC), datetime(2026, 11, 1, 5, tzinfo=UTC)],
    "America/St_Johns": [datetime(2026, 3, 8, 5, 30, tzinfo=UTC), datetime(2010, 11, 7, 2, 31, tzinfo=UTC)],
}


@st.composite
def day_hours(draw: st.DrawFn) -> tuple[Hours, ...]:
    """Up to three stretches of whole minutes, apart or touching, up to 24:00."""
    edges = sorted(draw(st.sets(st.integers(0, 1440), max_size=6)))
    return tuple(Hours(start * 60, end * 60) for start, end in zip(edges[::2], edges[1::2], strict=False))


@st.composite
def cases(draw: st.DrawFn) -> tuple[BusinessCalendar, datetime]:
    """A calendar and an instant on a whole minute within three days of something odd."""
    zone = draw(st.sampled_from(sorted(ZONES)))
    near = draw(st.sampled_from(ZONES[zone]))
    days = st.integers(-4, 8).map(lambda offset: near.date() + timedelta(days=offset))
    data = CalendarData(
        name="office",
        timezone=zone,
        weekly=tuple(draw(st.lists(day_hours(), min_size=7, max_size=7))),
        make_up_hours=draw(day_hours()),
        closed=frozenset(draw(st.sets(days, max_size=3))),
        make_up=frozenset(draw(st.sets(days, max_size=2))),
        special=draw(st.dictionaries(days, day_hours(), max_size=2)),
    )
    return BusinessCalendar(data), near + timedelta(minutes=draw(st.integers(-3 * 1440, 3 * 1440)))


def is_open(data: CalendarData, at: datetime) -> bool:
    """Read the local clock and look it up, with no arithmetic at all."""
    local = at.astimezone(ZoneInfo(data.timezone))
    day, second = local.date(), local.hour * 3600 + local.minute * 60 + local.second
    hours = data.weekly[day.weekday()]
    if day in data.special:
        hours = data.special[day]
    elif day in data.make_up:
        hours = hours or data.make_up_hours
    elif day in data.closed:
        hours = ()
    return any(stretch.start <= second < stretch.end for stretch in hours)


def walk(
    data: CalendarData, start: datetime, minutes: int, step: timedelta = MINUTE, most: int = 4 * 1440
) -> datetime | None:
    """The end of the minute in which the last of `minutes` is used up, or None where that takes too long."""
    at, left = start, minutes
    for _ in range(most):
        if left == 0:
            return at
        left -= is_open(data, at)
        at += step
    return None


@settings(max_examples=examples(120), deadline=None)
@given(case=cases(), minutes=st.integers(0, 600))
def test_a_deadline_is_where_a_minute_by_minute_count_ends(
    case: tuple[BusinessCalendar, datetime], minutes: int
) -> None:
    """R-SLA-15: several stretches a day, holidays, make-up and special days, clock changes."""
    calendar, start = case
    expected = walk(calendar.data, start, minutes)
    if expected is not None:
        assert calendar.add(start, minutes * 60) == expected
        assert calendar.elapsed(start, expected) == minutes * 60
    else:
        assert calendar.elapsed(start, start + timedelta(days=4)) <= minutes * 60


@settings(max_examples=examples(120), deadline=None)
@given(case=cases(), minutes=st.integers(0, 3 * 1440))
def test_office_time_between_two_instants_is_what_a_count_gives(
    case: tuple[BusinessCalendar, datetime], minutes: int
) -> None:
    calendar, start = case
    expected = sum(is_open(calendar.data, start + n * MINUTE) for n in range(minutes))
    assert calendar.elapsed(start, start + minutes * MINUTE) == expected * 60


@settings(max_examples=examples(120), deadline=None)
@given(case=cases())
def test_open_and_next_opening_agree_with_the_clock_on_the_wall(case: tuple[BusinessCalendar, datetime]) -> None:
    calendar, at = case
    assert calendar.is_open(at) == is_open(calendar.data, at)
    expected = next((at + n * MINUTE for n in range(4 * 1440) if is_open(calendar.data, at + n * MINUTE)), None)
    if expected is not None:
        assert calendar.next_opening(at) == expected


@settings(max_examples=examples(60), deadline=None)
@given(case=cases(), seconds=st.integers(0, 3000), offset=st.integers(0, 59))
def test_seconds_are_counted_one_by_one(case: tuple[BusinessCalendar, datetime], seconds: int, offset: int) -> None:
    calendar, start = case
    start += timedelta(seconds=offset)
    expected = walk(calendar.data, start, seconds, step=timedelta(seconds=1), most=4000)
    if expected is not None:
        assert calendar.add(start, seconds) == expected


@settings(max_examples=examples(200), deadline=None)
@given(
    case=cases(),
    first=st.timedeltas(timedelta(), timedelta(hours=30)),
    second=st.timedeltas(timedelta(), timedelta(hours=30)),
    micros=st.integers(0, 59_999_999),
)
def test_nothing_is_rounded_and_pausing_does_not_matter(
    case: tuple[BusinessCalendar, datetime], first: timedelta, second: timedelta, micros: int
) -> None:
    """R-SLA-08: a deadline in two parts is the deadline in one, to the microsecond."""
    calendar, start = case
    if not any(calendar.data.weekly):
        return
    start += timedelta(microseconds=micros)
    pause = calendar.add(start, first)
    end = calendar.add(start, first + second)
    assert calendar.add(pause, second) == end
    assert calendar.used(start, pause) == first
    assert calendar.used(start, end) == first + second == calendar.used(start, pause) + calendar.used(pause, end)


office = BusinessCalendar(CalendarData("office", "Asia/Shanghai", (*(NINE_TO_FIVE,) * 5, *CLOSED)))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("2026-11-23T10:15:00", 30, "2026-11-23T10:45:00"),
        ("2026-11-23T16:30:00", 30, "2026-11-23T17:00:00"),  # used up at closing: at closing (decided)
        ("2026-11-23T16:30:00", 31, "2026-11-24T09:01:00"),
        ("2026-11-23T17:00:00", 10, "2026-11-24T09:10:00"),  # 17:00:00 is closed
        ("2026-11-23T08:00:00", 480, "2026-11-23T17:00:00"),
        ("2026-11-27T16:59:59", 1, "2026-11-30T09:00:59"),  # over a weekend
        ("2026-11-28T12:00:00", 960, "2026-12-01T17:00:00"),
        ("2026-11-23T09:00:00", 0, "2026-11-23T09:00:00"),
        ("2026-11-22T03:00:00.000001", 0, "2026-11-22T03:00:00.000001"),
        ("2026-11-23T16:59:59.999999", 1, "2026-11-24T09:00:59.999999"),
    ],
)
def test_the_decided_closing_rule(start: str, minutes: int, end: str) -> None:
    """Handbook, section 1: half-open hours; a deadline used up exactly at closing falls at that closing."""
    due = office.add(at(start), minutes * 60)
    assert due == at(end)
    assert due.utcoffset() == timedelta()


def test_years_are_crossed_day_by_day() -> None:
    start, end = at("2021-03-04T11:00:00"), at("2032-06-10T10:30:00")
    days = [date(2021, 3, 5) + timedelta(days=n) for n in range((date(2032, 6, 9) - date(2021, 3, 4)).days)]
    expected = 6 * 3600 + sum(28_800 for day in days if day.weekday() < 5) + 5400
    assert office.elapsed(start, end) == expected
    assert office.add(start, expected) == end


def test_no_office_time_passes_backwards() -> None:
    assert office.elapsed(at("2026-11-24T12:00:00"), at("2026-11-23T12:00:00")) == 0
    assert office.used(at("2026-11-24T12:00:00"), at("2026-11-24T12:00:00")) == timedelta()


def test_a_begun_second_does_not_count() -> None:
    start, end = at("2026-11-23T10:00:00.000001"), at("2026-11-23T10:00:05")
    assert office.elapsed(start, end) == 4
    assert office.used(start, end) == timedelta(seconds=5) - timedelta(microseconds=1)


@example(zone="Asia/Shanghai")
@given(zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Shanghai"]))
def test_the_way_an_instant_is_written_does_not_matter(zone: str) -> None:
    moment = at("2026-11-23T16:45:00")
    assert office.add(moment.astimezone(ZoneInfo(zone)), 3600) == office.add(moment, 3600)
