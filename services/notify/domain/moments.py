"""Times as people read them: local, short, and with the year only where it is another one."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.notify.domain.terms import month, weekday

_MOMENT = timedelta(microseconds=1)


def local_time(at: datetime | None, language: str, now: datetime, zone: ZoneInfo) -> str | None:
    """Return `11月23日（周一）12:15` or `Mon 23 Nov, 12:15`; None for None."""
    if at is None:
        return None
    local = at.astimezone(zone)
    day = _day(local.date(), language, now.astimezone(zone).year, with_weekday=True)
    return f"{day}{local:%H:%M}" if language == "zh" else f"{day}, {local:%H:%M}"


def local_day(at: datetime | None, language: str, now: datetime, zone: ZoneInfo) -> str | None:
    """Return `11月23日` or `23 Nov`; None for None."""
    if at is None:
        return None
    return _day(at.astimezone(zone).date(), language, now.astimezone(zone).year)


def period(start: datetime | None, end: datetime | None, language: str, now: datetime, zone: ZoneInfo) -> str | None:
    """Return the days from `start` to before `end`, as `11月16日至11月22日`; None where one of them is not known."""
    if start is None or end is None:
        return None
    year = now.astimezone(zone).year
    first, last = start.astimezone(zone).date(), max(start, end - _MOMENT).astimezone(zone).date()
    days = [_day(day, language, year) for day in (first, last)]
    if first == last:
        return days[0]
    return "至".join(days) if language == "zh" else " to ".join(days)


def _day(day: date, language: str, this_year: int, *, with_weekday: bool = False) -> str:
    name = weekday(day.weekday(), language)
    if language == "zh":
        year = f"{day.year}年" if day.year != this_year else ""
        return f"{year}{day.month}月{day.day}日" + (f"（{name}）" if with_weekday else "")
    year = f" {day.year}" if day.year != this_year else ""
    return (f"{name} " if with_weekday else "") + f"{day.day} {month(day.month)}{year}"
