"""`yingda report weekly|monthly`: a report of any period, made by the running suite and written here (R-FB-05)."""

import asyncio
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import nats.errors
import typer
from pydantic_core import from_json, to_json

from shared.cli.connection import DataOption, client_settings, nats_client
from shared.cli.errors import CliError, WrongUse
from shared.cli.output import print_json, print_table
from shared.events.commands import ListReports, MakeReport
from shared.ids import new_id
from shared.policy import PolicyFileError, load_policy
from shared.settings import Settings

REPLY_SECONDS = 60.0
_COLUMNS = ("report", "period_start", "period_end", "made_at", "uri")

report = typer.Typer(help="Make reports, and list those that were published.", rich_markup_mode=None)

FromOption = Annotated[
    str | None, typer.Option("--from", metavar="DAY", help="First day, as 2026-11-23; else the last whole period.")
]
ToOption = Annotated[
    str | None, typer.Option("--to", metavar="DAY", help="Last day; else the end of the period of --from.")
]
OutOption = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the files go.")]
LangOption = Annotated[str, typer.Option("--lang", help="Language of the report: zh or en.")]
ByOption = Annotated[
    str | None, typer.Option("--by", metavar="STAFF", help="Who asks; else the general manager of the policy.")
]


@report.callback()
def _group() -> None:
    """Make reports, and list those that were published."""


@report.command("weekly")
def weekly(
    first: FromOption = None,
    last: ToOption = None,
    out: OutOption = Path(),
    lang: LangOption = "zh",
    by: ByOption = None,
    data: DataOption = None,
) -> None:
    """Write the weekly feedback report: by department and category, as a page and a sheet."""
    _make("weekly", first, last, out, lang, by, data)


@report.command("monthly")
def monthly(
    first: FromOption = None,
    last: ToOption = None,
    out: OutOption = Path(),
    lang: LangOption = "zh",
    by: ByOption = None,
    data: DataOption = None,
) -> None:
    """Write the monthly report: the same figures, and the cases worth a review."""
    _make("monthly", first, last, out, lang, by, data)


@report.command("list")
def published(
    by: ByOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    data: DataOption = None,
) -> None:
    """List the reports that were published, the latest period first."""
    settings = client_settings(data)
    found = asyncio.run(_ask(settings, ListReports.SUBJECT, {"by": _asker(settings, by)}))["reports"]
    if as_json:
        print_json(found)
    else:
        print_table(_COLUMNS, [tuple(one[column] for column in _COLUMNS) for one in found])


def _make(
    kind: Literal["weekly", "monthly"],
    first: str | None,
    last: str | None,
    out: Path,
    lang: str,
    by: str | None,
    data: Path | None,
) -> None:
    if lang not in {"zh", "en"}:
        raise WrongUse(f"--lang is zh or en, not {lang}")
    settings = client_settings(data)
    asked = {
        "by": _asker(settings, by),
        "report": kind,
        "language": lang,
        "since": _day("--from", first),
        "until": _day("--to", last),
    }
    made = asyncio.run(_ask(settings, MakeReport.SUBJECT, asked))
    try:
        out.mkdir(parents=True, exist_ok=True)
        for file in made["files"]:
            path = out / Path(file["name"]).name
            path.write_text(file["text"], encoding="utf-8", newline="")
            print(path)
    except OSError as error:
        raise CliError(f"the report cannot be written to {out}: {error.strerror}") from error


def _day(option: str, text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise WrongUse(f"{option} is a day in the form 2026-11-23, not {text}") from None


def _asker(settings: Settings, by: str | None) -> str:
    """Return who asks: `by`, else the manager of the policy in force."""
    if by is not None:
        return by
    if settings.policy is not None and not settings.policy.is_file():
        raise WrongUse(f"YINGDA_POLICY names {settings.policy}, and there is no such file")
    try:
        return load_policy(settings.policy).manager.id
    except PolicyFileError as error:
        raise CliError("\n".join(map(str, error.faults))) from error


async def _ask(settings: Settings, subject: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    request = to_json({"command_id": new_id(), **{key: value for key, value in body.items() if value is not None}})
    async with nats_client(settings) as client:
        try:
            reply = from_json((await client.request(subject, request, timeout=REPLY_SECONDS)).data)
        except nats.errors.NoRespondersError:
            raise CliError("nobody answers for reports: the service feedback does not run") from None
        except (nats.errors.TimeoutError, TimeoutError):
            raise CliError(f"feedback did not answer within {REPLY_SECONDS:g} s") from None
    if not reply["ok"]:
        raise CliError(str(reply["error"]["detail"] or reply["error"]["title"]))
    result: Mapping[str, Any] = reply["result"]
    return result
