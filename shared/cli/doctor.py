"""`yingda doctor`: checks settings, policy, plugins, servers and backlogs; a plain sentence for each fault."""

import asyncio
from typing import Annotated

import typer

from shared.cli.connection import DataOption, client_settings
from shared.cli.endpoints import read_endpoints
from shared.cli.errors import CliError, WrongUse
from shared.cli.installed import service_names
from shared.cli.output import print_json, print_table
from shared.cli.services import load_service
from shared.doctor import CHECKS, Finding, House, Thresholds, examine
from shared.doctor.catalogue import SERVICE_BROKEN, SETTINGS_INVALID
from shared.service import Service
from shared.settings import Settings

_USUAL = Thresholds()


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for each finding.")] = False,
    checks: Annotated[
        bool, typer.Option("--checks", help="List everything that is looked at, and look at nothing.")
    ] = False,
    least_free: Annotated[
        float, typer.Option(min=0, max=100, metavar="PERCENT", help="Less room on a disk than this is a fault.")
    ] = _USUAL.least_free_percent,
    most_waiting: Annotated[
        int, typer.Option(min=0, metavar="MESSAGES", help="More messages before a service than this are a fault.")
    ] = _USUAL.most_waiting,
    data: DataOption = None,
) -> None:
    """Check everything; print a sentence for each fault and each warning. Exit code 1 where there is a fault."""
    if checks:
        print_table(("check", "", "what to do"), [(check.name, check.about, check.todo) for check in CHECKS])
        return
    try:
        settings = client_settings(data)
    except WrongUse as error:
        found = [SETTINGS_INVALID.found(str(error))]
    else:
        thresholds = Thresholds(least_free_percent=least_free, most_waiting=most_waiting)
        found = asyncio.run(examine_house(settings, thresholds))
    for finding in found:
        _print(finding, as_json=as_json)
    if any(finding.is_fault for finding in found):
        raise typer.Exit(1)
    if not as_json:
        print("no fault found")


async def examine_house(settings: Settings, thresholds: Thresholds = _USUAL) -> list[Finding]:
    """Return everything that is wrong with what is installed, and with the servers and the suite that `settings` name."""
    services, found = _installed()
    endpoints = read_endpoints(settings.data)
    house = House(
        settings,
        services,
        thresholds,
        monitoring_url=settings.nats_monitoring_url or (endpoints.monitoring if endpoints else None),
        metrics=endpoints.metrics if endpoints else {},
        survey_url=endpoints.survey if endpoints else None,
    )
    return found + await examine(house)


def _installed() -> tuple[list[Service], list[Finding]]:
    """Return the installed services that load, and a fault for each that does not."""
    services: list[Service] = []
    faults: list[Finding] = []
    for name in service_names():
        try:
            services.append(load_service(name))
        except CliError as error:
            faults.append(SERVICE_BROKEN.found(str(error)))
    return services, faults


def _print(finding: Finding, *, as_json: bool) -> None:
    if as_json:
        check = finding.check
        severity = "fault" if finding.is_fault else "warning"
        print_json({"check": check.name, "severity": severity, "sentence": finding.sentence, "todo": check.todo})
    else:
        print(finding.sentence if finding.is_fault else f"warning: {finding.sentence}")
