"""Writes the State Council's holidays as policy data (R-SLA-13): ``python -m shared.policy.holidays_cn > holidays.cn.yaml``.

Published years come from the chinesecalendar package, so a newer release of it brings the next year: run the command,
put the file beside the policy file (or in this package) and reload. Years that are not published yet get the statutory
days of the law (国务院令第795号, in force from 2025), without the weekends moved around them, as not official.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import groupby
from typing import Final

FIRST_YEAR: Final = 2020

# Spring Festival (first day of the lunar year), Qingming, Dragon Boat and Mid-Autumn of years to come.
LUNAR: Final = {
    2027: ("02-06", "04-05", "06-09", "09-15"),
    2028: ("01-26", "04-04", "05-28", "10-03"),
    2029: ("02-13", "04-04", "06-16", "09-22"),
    2030: ("02-03", "04-05", "06-05", "09-12"),
}

NAMES: Final = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
}

_HEAD: Final = """\
# Public holidays of mainland China, the days off around them and the make-up working days (调休).
# Written by `python -m shared.policy.holidays_cn`; edit it when the State Council publishes a year before the package knows it:
# put the published days in and say `official: true`. Deadlines in a year that is not official are marked provisional (R-SLA-13).
source: "State Council notices by way of chinesecalendar; statutory days for years not yet published"
years:
"""

Span = tuple[str, date, date]


def published_years() -> dict[int, tuple[list[Span], list[date]]]:
    """Return holidays and make-up days of every year that the installed chinesecalendar knows, from 2020 on."""
    from chinese_calendar import constants  # noqa: PLC0415 - the reference data is wanted by this command only

    years = sorted({day.year for day in constants.holidays if day.year >= FIRST_YEAR})
    found = {}
    for year in years:
        off = sorted((day, name) for day, name in constants.holidays.items() if day.year == year)
        found[year] = (list(_spans(off)), sorted(day for day in constants.workdays if day.year == year))
    return found


def statutory_days(year: int) -> list[Span]:
    """Return the days off that the law names for a year of the lunar table."""
    spring, qingming, boat, autumn = (date.fromisoformat(f"{year}-{day}") for day in LUNAR[year])
    spans = [
        ("New Year's Day", date(year, 1, 1), date(year, 1, 1)),
        ("Spring Festival", spring - timedelta(days=1), spring + timedelta(days=2)),
        ("Tomb-sweeping Day", qingming, qingming),
        ("Labour Day", date(year, 5, 1), date(year, 5, 2)),
        ("Dragon Boat Festival", boat, boat),
        ("Mid-autumn Festival", autumn, autumn),
        ("National Day", date(year, 10, 1), date(year, 10, 3)),
    ]
    return sorted(spans, key=lambda span: span[1])


def render() -> str:
    """Return the whole data file."""
    published = published_years()
    parts = [_HEAD]
    for year, (spans, make_up) in published.items():
        parts += _year(year, spans, make_up, official=True)
    for year in sorted(LUNAR.keys() - published.keys()):
        parts += _year(year, statutory_days(year), [], official=False)
    return "".join(parts)


def _spans(days: list[tuple[date, str]]) -> Iterator[Span]:
    runs = groupby(enumerate(days), key=lambda item: (item[1][1], item[1][0] - timedelta(days=item[0])))
    for (name, _), run in runs:
        found = [day for _, (day, _) in run]
        yield name, found[0], found[-1]


def _year(year: int, spans: list[Span], make_up: list[date], *, official: bool) -> Iterator[str]:
    yield f"  {year}:\n    official: {str(official).lower()}\n    holidays:\n"
    for name, first, last in spans:
        days = f"{first}" if first == last else f"{first}..{last}"
        yield f'      - {{name: {{zh: {NAMES[name]}, en: "{name}"}}, days: {days}}}\n'
    yield f"    make_up_days: [{', '.join(map(str, make_up))}]\n"


if __name__ == "__main__":
    sys.stdout.write(render())
