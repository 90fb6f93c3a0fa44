"""Knowledge 知识: what was learned from closed cases, drafted, published and retired."""

from typing import ClassVar

from shared.events.base import Event, Moment


class KnowledgeStep(Event):
    """A revision of a knowledge entry and the work orders that it rests on (R-FB-04)."""

    entry_id: str
    revision: int
    category: str
    work_order_ids: tuple[str, ...] = ()
    by: str
    at: Moment


class KnowledgeDrafted(KnowledgeStep):
    """A closed case with a good score became a draft, or joined the draft of a similar one, which it stands beside."""

    TYPE: ClassVar[str] = "yingda.knowledge.drafted.v1"


class KnowledgeConfirmed(KnowledgeStep):
    """A closed case was solved as a published entry says: it rests on `work_order_ids` now."""

    TYPE: ClassVar[str] = "yingda.knowledge.confirmed.v1"


class KnowledgeRated(Event):
    """A member of staff said whether an entry helped; `useful_count` and `useless_count` are as they stand now."""

    TYPE: ClassVar[str] = "yingda.knowledge.rated.v1"

    entry_id: str
    work_order_id: str | None = None
    useful: bool
    useful_count: int
    useless_count: int
    by: str
    at: Moment


class KnowledgePublished(KnowledgeStep):
    """A supervisor published the entry, or a new revision of it."""

    TYPE: ClassVar[str] = "yingda.knowledge.published.v1"


class KnowledgeRetired(KnowledgeStep):
    """A supervisor took the entry out of use."""

    TYPE: ClassVar[str] = "yingda.knowledge.retired.v1"
