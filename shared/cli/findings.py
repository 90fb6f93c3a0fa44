"""What `yingda doctor` finds: faults, and warnings that need no action today."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from shared.cli.errors import CliError
from shared.cli.installed import service_names
from shared.cli.services import load_service
from shared.clock import ClockError, parse_clock
from shared.plugins import inspect_plugins
from shared.policy import Policy, PolicyFileError, load_policy
from shared.service import Service
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """One plain sentence, and whether it is a fault or only a warning."""

    text: str
    is_fault: bool = True


def policy_findings(settings: Settings, today: date) -> Iterator[Finding]:
    """Yield what is wrong with the policy file, the rehearsal clock and the holiday data (R-SLA-13)."""
    try:
        rehearsal = parse_clock(settings.clock)
    except ClockError as error:
        yield Finding(str(error))
        rehearsal = None
    if rehearsal is not None:
        today = rehearsal.start.date()
        yield Finding(f"the clock is a rehearsal: YINGDA_CLOCK is {settings.clock}", is_fault=False)
    try:
        policy = load_policy(_existing(settings.policy))
    except CliError as error:
        yield Finding(str(error))
    except PolicyFileError as error:
        yield from (Finding(f"policy: {fault}") for fault in error.faults)
    else:
        yield from _holidays(policy, today)


def plugin_findings() -> Iterator[Finding]:
    """Yield every plugin that does not load."""
    for plugin in inspect_plugins():
        if plugin.state != "ok":
            yield Finding(f"the {plugin.kind} plugin {plugin.name} of {plugin.package} {plugin.state}")


def load_all() -> tuple[list[Service], list[Finding]]:
    """Return the installed services that load, and a fault for each that does not."""
    services: list[Service] = []
    faults: list[Finding] = []
    for name in service_names():
        try:
            services.append(load_service(name))
        except CliError as error:
            faults.append(Finding(str(error)))
    return services, faults


def _existing(policy: Path | None) -> Path | None:
    if policy is not None and not policy.is_file():
        raise CliError(f"YINGDA_POLICY names {policy}, and there is no such file")
    return policy


def _holidays(policy: Policy, today: date) -> Iterator[Finding]:
    for name, days in policy.holidays.items():
        for year in (today.year, today.year + 1):
            if year not in days.years:
                yield Finding(f"the holiday data {name} has nothing for {year}: deadlines in it cannot be relied on")
            elif not days.years[year].official:
                text = f"the holiday data {name} for {year} is provisional: deadlines in it are marked so"
                yield Finding(text, is_fault=False)
