"""Work orders opened or classified are linked with open ones of the same customer about the same matter (R-IN-06)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.routing import store
from services.routing.domain.linking import OpenMatter, OpenMatters, linked_by_system, open_matter
from services.routing.domain.matter import Matter
from services.routing.domain.workorder import WorkOrder
from services.routing.handlers.changes import Changes
from services.routing.handlers.contacts import Fresh
from services.routing.handlers.distribution import emit_steps
from shared.bus.transaction import Transaction
from shared.policy import Policy


@dataclass(frozen=True, slots=True)
class Pair:
    """A work order just opened, the one about the same matter, and why it is the same; that may have `ended`."""

    fresh_id: str
    other_id: str
    why: str
    ended: bool = False


class Linker:
    """Finds what belongs together, and links it."""

    def __init__(self, policy: Policy) -> None:
        self._window = policy.intake.link_window.timedelta

    def pairs(self, fresh: Sequence[Fresh], earlier: Iterable[OpenMatter]) -> list[Pair]:
        """Return for each of `fresh` the nearest open work order about the same matter, of the `earlier` or of this batch."""
        matters = OpenMatters(self._window)
        matters.add(earlier)
        pairs: list[Pair] = []
        for one in fresh:
            new = open_matter(one.work_order, one.matter)
            if (found := matters.partner(new)) is not None:
                pairs.append(Pair(new.id, *found))
            matters.add([new])
        return pairs

    async def partner(self, tx: Transaction, work_order: WorkOrder, matter: Matter) -> tuple[str, str] | None:
        """Return the id of the open work order about the same matter as `work_order`, linked with it by nobody yet.

        With it comes why it is the same.
        """
        since, until = work_order.occurred_at - self._window, work_order.occurred_at + self._window
        found = await store.open_matters(tx.connection, [work_order.customer_id], since, until)
        matters = OpenMatters(self._window)
        matters.add(one for one in found if one.id not in work_order.links)
        return matters.partner(open_matter(work_order, matter))

    def link(self, tx: Transaction, pairs: Sequence[Pair], fresh: dict[str, Fresh], changes: Changes) -> None:
        """Link the `pairs`: each side is in `fresh` or among the `changes`, and is there as it is afterwards."""
        for pair in pairs:
            beside = fresh.get(pair.other_id)
            other = beside.work_order if beside else changes.states.get(pair.other_id)
            one = fresh[pair.fresh_id]
            decided = linked_by_system(one.work_order, other, tx.now, pair.why, ended=pair.ended) if other else None
            if decided is None or decided.beside is None:
                continue
            fresh[pair.fresh_id] = one.after(decided)
            emit_steps(tx, decided)
            if beside is None:
                changes.take(tx, decided.beside)
            else:
                fresh[pair.other_id] = beside.after(decided.beside)
                emit_steps(tx, decided.beside)
