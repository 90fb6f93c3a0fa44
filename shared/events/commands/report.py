"""Commands on reports, answered by feedback (R-FB-05)."""

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from shared.events.commands.base import Command


class MakeReport(Command):
    """Make a report of any period from the facts as they are now; it is returned and not published."""

    SUBJECT: ClassVar[str] = "yingda.command.report.make"

    report: Literal["weekly", "monthly"]
    since: date | None = Field(default=None, description="first local day; none: the last whole week or month")
    until: date | None = Field(default=None, description="last local day; none: the end of the period of `since`")
    language: Literal["zh", "en"] = "zh"


class ListReports(Command):
    """List the reports that were published, the newest first."""

    SUBJECT: ClassVar[str] = "yingda.command.report.list"

    report: Literal["weekly", "monthly"] | None = None
    limit: int = Field(default=20, ge=1, le=200)
