"""Commands on knowledge, answered by feedback (R-FB-04)."""

from typing import ClassVar

from pydantic import Field

from shared.events.commands.base import Command


class SearchKnowledge(Command):
    """Search the published entries in Chinese or English (R-FB-04)."""

    SUBJECT: ClassVar[str] = "yingda.command.knowledge.search"

    text: str = Field(min_length=1, max_length=10_000)
    limit: int = Field(default=5, ge=1, le=50)


class ReviewKnowledge(Command):
    """Publish a draft, edited or as it is, or retire an entry (R-FB-04)."""

    SUBJECT: ClassVar[str] = "yingda.command.knowledge.review"

    entry_id: str
    approve: bool
    problem: str | None = None
    solution: str | None = None
    reason: str | None = None
