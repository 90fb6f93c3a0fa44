"""Asks the calendar plugin that a policy names for the days of its years (R-SLA-13, R-SLA-15).

This happens where a policy file is read; the policy itself holds the days that were answered and asks nobody.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from shared.clock import ClockError, SystemClock, parse_clock
from shared.plugins import Plugin, PluginError, Setup, build, load
from shared.plugins.words import told
from shared.policy.calendars import CalendarPlugin, HolidaySet, HolidayYear
from shared.policy.ports import Calendar, CalendarSetup
from shared.settings import SettingsError, load_settings

KIND: Final = "calendar"
LIMIT_SECONDS: Final = 20.0
"""How long a plugin may take for all years: services start only when the policy is read."""

T = TypeVar("T")


def plugin_named(name: str) -> Plugin:
    """Return the manifest of a calendar plugin; `PluginError` says in one sentence why it cannot be used."""
    return load(KIND, name)


def days_of(plugin: Plugin, wanted: CalendarPlugin, config: BaseModel | None, beside: Path) -> HolidaySet:
    """Return what the plugin knows of the years wanted; `PluginError` says in one sentence why it does not say it."""
    try:
        settings = load_settings()
        clock = SystemClock(parse_clock(settings.clock))
    except (SettingsError, ClockError) as error:
        raise PluginError(str(error)) from error
    setup = CalendarSetup(
        config=config,
        settings=settings,
        data=Setup.data_of(settings, KIND, plugin.name),
        now=clock.now,
        beside=beside.absolute(),
    )
    years = _in_time(plugin, lambda: _asked(plugin, setup, wanted))
    if not years:
        raise PluginError(f'the calendar plugin "{plugin.name}" knows nothing of {wanted.years}')
    try:
        return HolidaySet.model_validate({"source": f"the calendar plugin {plugin.name}", "years": years})
    except ValidationError as error:
        raise PluginError(f'the calendar plugin "{plugin.name}": {error.errors()[0]["msg"]}') from None


def _asked(plugin: Plugin, setup: CalendarSetup, wanted: CalendarPlugin) -> dict[int, HolidayYear]:
    calendar = build(plugin, setup)
    if not isinstance(calendar, Calendar):
        raise PluginError(f'the calendar plugin "{plugin.name}" builds a {type(calendar).__name__}, no calendar')
    found: dict[int, HolidayYear] = {}
    for year in wanted.years:
        try:
            answer: object = calendar.year(year)
        except PluginError as error:
            raise PluginError(f'the calendar plugin "{plugin.name}" cannot tell of {year}: {error}') from error
        except (Exception, SystemExit) as error:
            raise PluginError(f'the calendar plugin "{plugin.name}" failed at {year}: {told(error)}') from error
        if answer is None:
            continue
        if not isinstance(answer, HolidayYear):
            kind = type(answer).__name__
            raise PluginError(f'the calendar plugin "{plugin.name}" answers {year} by a {kind}, no HolidayYear')
        found[year] = answer
    return found


def _in_time(plugin: Plugin, work: Callable[[], T]) -> T:
    """Return what `work` returns; one that hangs is left behind, in a thread that ends with the process."""
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:  # noqa: BLE001 (it is raised again, in the thread that asked)
            failed.append(error)

    thread = threading.Thread(target=run, name=f"calendar {plugin.name}", daemon=True)
    thread.start()
    thread.join(LIMIT_SECONDS)
    if failed:
        raise failed[0]
    if not done:
        raise PluginError(f'the calendar plugin "{plugin.name}" has not answered within {LIMIT_SECONDS:g} s')
    return done[0]
