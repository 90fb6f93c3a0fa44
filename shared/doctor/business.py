"""The policy file, the holiday data, the clock, and whether the installed plugins can do what the policy asks."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

from shared.clock import ClockError, parse_clock
from shared.doctor.finding import Check, Finding
from shared.doctor.house import House
from shared.inventory import OUT, inventory
from shared.plugins import UnusableError, UnusablesError
from shared.policy import Policy, PolicyFileError, load_policy

POLICY_FILE_MISSING = Check(
    "policy-file-missing",
    "YINGDA_POLICY names a file that is not there",
    "Name the policy file, or unset the variable for the default policy.",
)
POLICY_INVALID = Check(
    "policy-invalid",
    "the policy file has a fault; the sentence names its line",
    "Mend the line; `yingda policy check FILE` says whether it is right.",
)
POLICY_UNUSABLE = Check(
    "policy-unusable",
    "a service cannot work by the policy, for instance for want of a text",
    "Do what the sentence says is missing, or change the policy.",
)
PLUGIN_BROKEN = Check(
    "plugin-broken",
    "a plugin that the policy names cannot be used; the sentence says why",
    "Install or update its package, mend its settings or its secret, or take it out of the policy.",
)
HOLIDAY_YEAR_MISSING = Check(
    "holiday-year-missing",
    "there are no holidays for this year or the next",
    "Add the year to the policy's `holidays` as soon as the State Council has announced it, and reload.",
)
HOLIDAYS_PROVISIONAL = Check(
    "holidays-provisional",
    "the holidays of this year or the next are computed, not announced",
    "Nothing today; put the announced days in when they come (usually in November).",
    is_fault=False,
)
CLOCK_INVALID = Check(
    "clock-invalid", "YINGDA_CLOCK cannot be read", "Write it like 2026-11-23T10:00:00+08:00@3600, or unset it."
)
CLOCK_REHEARSAL = Check(
    "clock-rehearsal", "the clock is a rehearsal", "Unset YINGDA_CLOCK where customers are served.", is_fault=False
)
CHECKS = (
    POLICY_FILE_MISSING,
    POLICY_INVALID,
    POLICY_UNUSABLE,
    PLUGIN_BROKEN,
    HOLIDAY_YEAR_MISSING,
    HOLIDAYS_PROVISIONAL,
    CLOCK_INVALID,
    CLOCK_REHEARSAL,
)


async def look_at_business(house: House) -> AsyncIterator[Finding]:
    """Yield what is wrong with policy, holidays, clock and plugins; the house has its policy afterwards."""
    today = datetime.now(UTC).date()
    try:
        rehearsal = parse_clock(house.settings.clock)
    except ClockError as error:
        yield CLOCK_INVALID.found(str(error))
        rehearsal = None
    if rehearsal is not None:
        today = rehearsal.start.date()
        yield CLOCK_REHEARSAL.found(f"the clock is a rehearsal: YINGDA_CLOCK is {house.settings.clock}")
    for finding in _read_policy(house, house.settings.policy):
        yield finding
    if house.policy is not None:
        for plugin in inventory(house.policy, house.settings, house.services):
            if plugin.state in OUT:
                yield PLUGIN_BROKEN.found(plugin.why)
        for finding in [*_usable(house, house.policy), *_holidays(house.policy, today)]:
            yield finding


def _read_policy(house: House, file: Path | None) -> list[Finding]:
    if file is not None and not file.is_file():
        return [POLICY_FILE_MISSING.found(f"YINGDA_POLICY names {file}, and there is no such file")]
    try:
        house.policy = load_policy(file)
    except PolicyFileError as error:
        return [POLICY_INVALID.found(f"policy: {fault}") for fault in error.faults]
    return []


def _usable(house: House, policy: Policy) -> list[Finding]:
    found: list[Finding] = []
    for service in house.services:
        if service.accepts is None:
            continue
        try:
            service.accepts(policy, house.settings)
        except (UnusableError, UnusablesError):
            continue  # told by the name of the plugin
        except Exception as error:  # noqa: BLE001 (a stranger's plugin may raise anything; the doctor says what)
            found.append(POLICY_UNUSABLE.found(f"{service.name} cannot work by the policy: {error}"))
    return found


def _holidays(policy: Policy, today: date) -> list[Finding]:
    found: list[Finding] = []
    for name, days in policy.holidays.items():
        for year in (today.year, today.year + 1):
            if year not in days.years:
                text = f"the holiday data {name} has nothing for {year}: deadlines in it cannot be relied on"
                found.append(HOLIDAY_YEAR_MISSING.found(text))
            elif not days.years[year].official:
                text = f"the holiday data {name} for {year} is provisional: deadlines in it are marked so"
                found.append(HOLIDAYS_PROVISIONAL.found(text))
    return found
