"""Tags 标签 of a work order, such as 投诉-物流延迟; those of a customer are the tags of all their work orders (R-RT-11)."""

import unicodedata
from collections.abc import Iterable
from typing import Final

from services.routing.domain.matter import Matter
from services.routing.domain.phrases import said, words_of
from services.routing.domain.steps import Asked
from services.routing.domain.workorder import SYSTEM, Decided, Refusal, WorkOrder, illegal, invalid
from shared.events import WorkorderTagged
from shared.events.commands import Tag
from shared.policy import Policy

MOST_CHARACTERS: Final = 40
MOST_TAGS: Final = 50


def tag(work_order: WorkOrder, command: Tag, asked: Asked) -> Decided | Refusal:
    """Add and remove tags; what is there already, or is not there, is passed over."""
    added = tuple(dict.fromkeys(map(written, command.add)))
    removed = tuple(dict.fromkeys(map(written, command.remove)))
    for field, tags in (("add", added), ("remove", removed)):
        if (wrong := next((one for one in tags if not _is_tag(one)), None)) is not None:
            return invalid(
                field, f'"{wrong[:MOST_CHARACTERS]}" is no tag: 1 to {MOST_CHARACTERS} printable characters.'
            )
    if both := set(added) & set(removed):
        return invalid("remove", f"{', '.join(sorted(both))} cannot be added and removed at once.")
    new = tuple(one for one in added if one not in work_order.tags)
    gone = tuple(one for one in removed if one in work_order.tags)
    if not new and not gone:
        return illegal(
            f"This changes nothing: {work_order.number} has the tags {', '.join(work_order.tags) or 'none'}."
        )
    if len(work_order.tags) + len(new) - len(gone) > MOST_TAGS:
        return invalid("add", f"A work order has at most {MOST_TAGS} tags.")
    return tagged(work_order, asked, new, gone)


def tagged(work_order: WorkOrder, asked: Asked, new: tuple[str, ...], gone: tuple[str, ...] = ()) -> Decided:
    """Return the work order with `new` tags and without those `gone`."""
    kept = tuple(one for one in work_order.tags if one not in gone)
    after = work_order.next(tags=kept + new)
    event = WorkorderTagged(
        **after.told(asked.by, asked.now), customer_id=after.customer_id, tags=after.tags, added=new, removed=gone
    )
    return Decided(after, (event,))


def automatic_tags(matter: Matter, category: str, policy: Policy) -> tuple[str, ...]:
    """Return the tags that the policy gives to such a matter, in its order, each once."""
    rules = [rule for rule in policy.routing.tags if not rule.categories or category in rule.categories]
    words = words_of(matter) if rules else ""
    return tuple(dict.fromkeys(written(rule.tag) for rule in rules if said(words, rule.phrases)))


def follow(work_order: WorkOrder, wanted: Iterable[str], asked: Asked) -> Decided | None:
    """Add the tags that follow from a decision; None where it has them all."""
    new = tuple(one for one in wanted if one not in work_order.tags)
    if not new:
        return None
    decided = tagged(work_order, asked, new)
    return Decided(decided.work_order, tuple(event.replace(by=SYSTEM) for event in decided.events))


def written(text: str) -> str:
    """Return a tag in its one written form: half-width, single blanks."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _is_tag(text: str) -> bool:
    return 0 < len(text) <= MOST_CHARACTERS and text.isprintable()
