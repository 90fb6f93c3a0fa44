"""Commands that hold the services' books against one another (guarantee 6); they tell ids and counts, nothing personal.

`run` and `show` are answered by intake. The others are what it asks of the rest, page by page: which of these do you have?
"""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.events.commands.base import Command

PAGE: int = 500
"""Contacts that one question is about, at most."""

Id = Annotated[str, Field(min_length=1, max_length=64)]
Versions = Annotated[
    dict[Id, Annotated[int, Field(ge=0)]],
    Field(max_length=2 * PAGE, description="work orders with the version that routing knows"),
]


class Question(Command):
    """Asks, and changes nothing: every repetition is answered anew, and no reply is kept."""

    KEPT: ClassVar[bool] = False


class RunReconciliation(Command):
    """Reconcile everything since a moment, now; the reply names the run, and `show` tells what came of it."""

    SUBJECT: ClassVar[str] = "yingda.command.reconciliation.run"

    since: datetime | None = Field(default=None, description="by default a day ago")


class ShowReconciliation(Question):
    """Return one run, or the last one that has ended, and every difference that is still open."""

    SUBJECT: ClassVar[str] = "yingda.command.reconciliation.show"

    run_id: str | None = Field(default=None, max_length=64)


class SettleDifference(Command):
    """Close a difference that will stay, with a reason that is kept: the alert ends with it."""

    SUBJECT: ClassVar[str] = "yingda.command.reconciliation.settle"

    stage: Literal["received", "workorders", "clocks", "notices", "cases"]
    name: str = Field(min_length=1, max_length=100, description="as the reconciliation names it")
    reason: str = Field(min_length=1, max_length=1_000)


class AccountWorkorders(Question):
    """Ask routing for the work orders of contacts."""

    SUBJECT: ClassVar[str] = "yingda.command.reconciliation.workorders"

    contact_ids: tuple[Id, ...] = Field(max_length=2 * PAGE)


class AccountClocks(Question):
    """Ask sla which of these work orders lack a clock that was started, or an event."""

    SUBJECT: ClassVar[str] = "yingda.command.reconciliation.clocks"

    work_orders: Versions


class AccountNotices(Question):
    """Ask notify which of these work orders lack the notice that they were accepted, or an event."""

    SUBJECT: ClassVar[str] = "yingda.command.reconciliation.notices"

    work_orders: Versions


class AccountCases(Question):
    """Ask feedback which of these work orders lack their case, or an event."""

    SUBJECT: ClassVar[str] = "yingda.command.reconciliation.cases"

    work_orders: Versions
