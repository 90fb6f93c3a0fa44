"""`yingda command NAME FIELD=VALUE …`: sends one command as a desk does, and prints the reply."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import nats.errors
import typer
from nats.aio.client import Client
from pydantic import ValidationError
from pydantic_core import from_json, to_json

from shared.cli.connection import DataOption, client_settings, nats_client
from shared.cli.errors import CliError, WrongUse
from shared.cli.output import print_json, print_table
from shared.events import COMMAND_SUBJECTS, Command, faults_of
from shared.ids import new_id
from shared.settings import Settings

PREFIX: Final = "yingda.command."
REPLY_SECONDS: Final = 10.0
_OURS: Final = frozenset({"command_id", "by"})
_JSON: Final = ("[", "{", "null")
_BY_NUMBER: Final = ("work_order_id", "contact_id", "customer_id", "callback_id")
"""Ids that `number=` stands for, so that nobody has to copy them."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("command")(command)


def command(
    name: Annotated[str | None, typer.Argument(help="As in `workorder.respond`; left out: the list of all.")] = None,
    fields: Annotated[
        list[str] | None,
        typer.Argument(metavar="FIELD=VALUE …", help="A value is words, or JSON for lists and objects."),
    ] = None,
    by: Annotated[str, typer.Option(help="The member of staff who asks.")] = "service-1",
    command_id: Annotated[
        str | None, typer.Option(help="Repeat a command under its id: it has its effect once.")
    ] = None,
    pick: Annotated[
        str | None, typer.Option(metavar="PATH", help="Print only this, as in `callbacks.0.due_at`.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Send a command as a desk does and print its result; exit code 1 and the reason where it is refused.

    `number=XR…` stands for the work order's id, and where a command asks for them for the ids of its contact, its
    customer and its open callback.
    """
    if name is None:
        print_table(
            ("command", "fields"), [(_name(one), _fields(model)) for one, model in sorted(COMMAND_SUBJECTS.items())]
        )
        return
    model = COMMAND_SUBJECTS.get(PREFIX + name)
    if model is None:
        raise WrongUse(f'there is no command "{name}"; `yingda command` lists them')
    given = _given(fields or [])
    result = asyncio.run(_send(client_settings(data), model, given, by, command_id or new_id()))
    _print(result, pick)


async def _send(settings: Settings, model: type[Command], given: dict[str, Any], by: str, command_id: str) -> Any:
    async with nats_client(settings) as client:
        number = given.get("number")
        if number is not None and "number" not in model.model_fields:
            del given["number"]
            given |= await _ids(client, model, str(number))
        try:
            request = model.model_validate({**given, "command_id": command_id, "by": by})
        except ValidationError as error:
            said = "; ".join(f"{fault.field}: {fault.message}" for fault in faults_of(error))
            raise WrongUse(f"{_name(model.SUBJECT)}: {said}") from error
        return await ask(client, model.SUBJECT, request.model_dump(mode="json", exclude_unset=True))


async def ask(client: Client, subject: str, body: Mapping[str, Any]) -> Any:
    """Return the result of one command; `CliError` says why it was refused, or that nobody answers."""
    try:
        reply = from_json((await client.request(subject, to_json(body), timeout=REPLY_SECONDS)).data)
    except nats.errors.NoRespondersError as error:
        raise CliError(f"no service that answers {subject} is running") from error
    except nats.errors.TimeoutError as error:
        raise CliError(f"nobody answered {subject} within {REPLY_SECONDS:g} seconds") from error
    if reply["ok"]:
        return reply["result"]
    problem = reply["error"]
    faults = "".join(f"; {fault['field']}: {fault['message']}" for fault in problem.get("errors", ()))
    raise CliError(f"{problem['status']} {problem['title']}: {problem['detail']}{faults}")


async def _ids(client: Client, model: type[Command], number: str) -> dict[str, Any]:
    """Return the ids that the command asks for, found by the number of a work order."""
    wanted = [name for name in _BY_NUMBER if name in model.model_fields]
    if not wanted:
        raise WrongUse(f"{_name(model.SUBJECT)} has nothing to do with the number of a work order")
    asked = {"command_id": new_id(), "by": "service-1"}
    found = await ask(client, f"{PREFIX}workorder.get", {**asked, "number": number})
    order = found.get("work_order", found)
    if "callback_id" in wanted:
        listed = await ask(
            client, f"{PREFIX}callback.list", {**asked, "command_id": new_id(), "work_order_id": order["work_order_id"]}
        )
        if not listed["callbacks"]:
            raise CliError(f"{number} has no open callback")
        order = {**order, "callback_id": listed["callbacks"][0]["callback_id"]}
    return {name: order[name] for name in wanted[:1]}


def _given(fields: Sequence[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for field in fields:
        name, separator, value = field.partition("=")
        if not separator:
            raise WrongUse(f'"{field}" is not FIELD=VALUE')
        if name in _OURS:
            raise WrongUse(f"{name} is given as --{name.replace('_', '-')}")
        given[name] = _value(name, value)
    return given


def _value(name: str, text: str) -> Any:
    if not text.startswith(_JSON):
        return text
    try:
        return from_json(text)
    except ValueError as error:
        raise WrongUse(f"{name} is not JSON: {error}") from error


def _print(result: Any, pick: str | None) -> None:
    if pick is None:
        print_json(result)
        return
    for part in pick.split("."):
        try:
            result = result[int(part)] if isinstance(result, list) else result[part]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise CliError(f'the result has no "{pick}"') from error
    if isinstance(result, str):
        print(result)
    else:
        print_json(result)


def _name(subject: str) -> str:
    return subject.removeprefix(PREFIX)


def _fields(model: type[Command]) -> str:
    return " ".join(
        name if field.is_required() else f"[{name}]" for name, field in model.model_fields.items() if name not in _OURS
    )
