"""Commands on knowledge, answered by feedback (R-FB-04)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from shared.events.commands.base import Command

Line = Annotated[str, Field(min_length=1, max_length=100)]


class SearchKnowledge(Command):
    """Search the published entries in Chinese or English (R-FB-04)."""

    SUBJECT: ClassVar[str] = "yingda.command.knowledge.search"

    text: str = Field(min_length=1, max_length=10_000)
    limit: int = Field(default=5, ge=1, le=50)


class SuggestKnowledge(Command):
    """Ask for the published entries that may answer a work order, or a text that somebody is just writing down."""

    SUBJECT: ClassVar[str] = "yingda.command.knowledge.suggest"

    work_order_id: str | None = Field(default=None, max_length=200)
    text: str | None = Field(default=None, min_length=1, max_length=10_000, description="instead of a work order")
    limit: int = Field(default=3, ge=1, le=20)


class RateKnowledge(Command):
    """Say whether an entry helped; the last word of each member of staff on a work order counts."""

    SUBJECT: ClassVar[str] = "yingda.command.knowledge.rate"

    entry_id: str = Field(min_length=1, max_length=200)
    work_order_id: str | None = Field(default=None, max_length=200, description="none: without one at hand")
    useful: bool


class ListKnowledge(Command):
    """List entries for those who review them; drafts on which most cases rest come first."""

    SUBJECT: ClassVar[str] = "yingda.command.knowledge.list"

    state: Literal["draft", "published", "rejected", "retired"] = "draft"
    category: str | None = None
    limit: int = Field(default=50, ge=1, le=200)


class GetKnowledge(Command):
    """Read one entry with its cases and the history of its revisions."""

    SUBJECT: ClassVar[str] = "yingda.command.knowledge.get"

    entry_id: str = Field(min_length=1, max_length=200)


class ReviewKnowledge(Command):
    """Publish a draft, edited or as it is, or retire an entry (R-FB-04)."""

    SUBJECT: ClassVar[str] = "yingda.command.knowledge.review"

    entry_id: str
    approve: bool
    problem: str | None = Field(default=None, max_length=10_000)
    solution: str | None = Field(default=None, max_length=10_000)
    scenario: str | None = Field(default=None, max_length=500)
    category: str | None = None
    key_phrases: tuple[Line, ...] | None = Field(default=None, max_length=20)
    reason: str | None = Field(default=None, max_length=500)
