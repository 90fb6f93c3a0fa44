"""Commands on clocks, answered by sla (R-SLA-12, R-OB-04)."""

from typing import ClassVar, Literal

from pydantic import Field

from shared.events.commands.base import Command


class RebaseClocks(Command):
    """Move running clocks to the policy in force, with a reason that is kept (R-SLA-12).

    Without a policy change nothing moves. `dry_run` tells what would move and moves nothing.
    """

    SUBJECT: ClassVar[str] = "yingda.command.sla.rebase"

    metric: str | None = None
    department: str | None = None
    work_order_id: str | None = None
    reason: str = Field(min_length=1, max_length=1_000)
    dry_run: bool = False


class ListClocks(Command):
    """List clocks, the earliest due first: of one work order with its whole past, or of a department or everywhere."""

    SUBJECT: ClassVar[str] = "yingda.command.sla.list"

    work_order_id: str | None = None
    department: str | None = None
    metric: str | None = None
    state: Literal["running", "paused", "breached", "met", "ended", "cancelled"] | None = Field(
        default=None, description="by default those to which something can still happen; all of them for a work order"
    )
    limit: int = Field(default=50, ge=1, le=500)


class ListActions(Command):
    """List what escalations set off besides messages, the newest first (R-SLA-10)."""

    SUBJECT: ClassVar[str] = "yingda.command.sla.actions"

    work_order_id: str | None = None
    state: Literal["waiting", "done", "refused", "dead"] | None = Field(
        default=None, description="by default those that somebody should look at; all of them for a work order"
    )
    limit: int = Field(default=50, ge=1, le=500)


class RetryActions(Command):
    """Let actions that were refused, or whose attempts are used up, be tried anew: one, or all of a plugin."""

    SUBJECT: ClassVar[str] = "yingda.command.sla.retry_actions"

    action_id: str | None = None
    plugin: str | None = None
