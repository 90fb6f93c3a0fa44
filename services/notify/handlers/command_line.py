"""`yingda notify`: a test message by a transport of the policy, and which transports there are (R-NT-05)."""

from typing import Annotated, Literal, TypeVar, get_args

import typer

from services.notify.handlers import trial
from services.notify.ports import Sent, Transport, TransportSetup
from shared.cli.connection import DataOption, client_settings
from shared.cli.errors import CliError, WrongUse
from shared.cli.output import print_json, print_table
from shared.cli.policy_files import policy_in_force
from shared.events import Purpose
from shared.plugins import plugin_names
from shared.plugins.errors import UnusableError
from shared.policy import Policy
from shared.settings import Settings
from shared.workshop import Workshop, real_now

app = typer.Typer(help="Try out the transports of notices.", rich_markup_mode=None)

T = TypeVar("T", bound=str)
COLUMNS = ("transport", "channels", "state")


@app.callback()
def _group() -> None:
    """Try out the transports of notices."""


@app.command("test")
def try_out(
    transport: Annotated[str | None, typer.Argument(metavar="TRANSPORT", help="A transport, as `smtp`.")] = None,
    to: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Where the message goes.")] = None,
    channel: Annotated[
        str | None, typer.Option(help="The channel; else one that the policy uses the transport for.")
    ] = None,
    purpose: Annotated[str, typer.Option(help="The purpose, where the provider has a template for each.")] = "accepted",
    language: Annotated[str, typer.Option(help="`zh` or `en`.")] = "zh",
    audience: Annotated[
        str | None, typer.Option(help="`customer` or `staff`; else whom the policy uses the transport for.")
    ] = None,
    list_all: Annotated[bool, typer.Option("--list", help="List the transports and whether they can be used.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    data: DataOption = None,
) -> None:
    """Send one test message to ADDRESS by TRANSPORT, and say what came of it. No notification is recorded.

    Exit code 0: taken; 1: not taken, or nobody can tell; 2: wrong use.
    """
    policy, settings = policy_in_force(), client_settings(data)
    if list_all:
        _list(policy, settings, as_json=as_json)
        return
    if transport is None or to is None:
        raise WrongUse("say which transport and where to: yingda notify test TRANSPORT --to ADDRESS (or --list)")
    if transport not in plugin_names("transport"):
        known = ", ".join(plugin_names("transport"))
        raise WrongUse(f'there is no transport "{transport}"; installed are: {known}')
    given = trial.Trial(
        transport,
        channel or trial.likely_channel(transport, to, policy),
        to,
        _one_of(purpose, get_args(Purpose), "--purpose"),
        _one_of(language, ("zh", "en"), "--language"),
        _one_of(audience or _audience(transport, policy), ("customer", "staff"), "--audience"),
    )
    try:
        outcome = trial.send(given, policy, settings, real_now)
    except UnusableError as error:
        raise CliError(error.why) from error
    sentence = trial.told(outcome, given)
    if as_json:
        print_json({"transport": transport, "outcome": type(outcome).__name__.lower(), "told": sentence})
    else:
        print(sentence)
    if not isinstance(outcome, Sent):
        raise typer.Exit(1)


def _list(policy: Policy, settings: Settings, *, as_json: bool) -> None:
    rows = []
    for name in plugin_names("transport"):
        channels = trial.channels_of(name, policy)
        rows.append({"transport": name, "channels": list(channels), "state": _state(name, channels, policy, settings)})
    if as_json:
        print_json(rows)
    else:
        told = [(str(row["transport"]), ", ".join(row["channels"]) or "-", str(row["state"])) for row in rows]
        print_table(COLUMNS, told)


def _state(name: str, channels: tuple[str, ...], policy: Policy, settings: Settings) -> str:
    """Return whether the transport can be used for all channels that the policy uses it for, else why not."""
    if not channels:
        return "not used by the policy"
    wait = float(policy.notify.max_transport_wait.seconds)
    workshop = Workshop(policy.plugins, settings)
    for channel in channels:
        try:
            workshop.make("transport", name, Transport, setup=TransportSetup, channel=channel, wait_seconds=wait)
        except UnusableError as error:
            return error.why
    return "ready"


def _audience(name: str, policy: Policy) -> Literal["customer", "staff"]:
    """Return whom the policy uses the transport for: customers, where it does for both or for neither."""
    used = {who for who, row in policy.notify.transports.items() if any(name in chain for chain in row.values())}
    return "staff" if used == {"staff"} else "customer"


def _one_of(given: str, allowed: tuple[T, ...], option: str) -> T:
    found = next((one for one in allowed if one == given), None)
    if found is None:
        raise WrongUse(f"{option} is one of: {', '.join(allowed)}")
    return found
