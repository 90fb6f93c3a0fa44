"""The registers of contacts are completed: their work orders learn what they lacked (R-IN-04, R-IN-07)."""

from collections.abc import Sequence

from services.routing import store
from services.routing.domain.identity import Fingerprints, Known
from services.routing.domain.matter import Matter
from services.routing.domain.numbers import day_of
from services.routing.domain.supplement import completed, staffed, supplement
from services.routing.domain.workorder import Decided, Ignored, WorkOrder
from services.routing.handlers.contacts import Opened
from shared.bus.transaction import Incoming, Transaction
from shared.events import ContactCompleted
from shared.policy import Policy


class Completions:
    """The completions of one batch: make it with `of`, ask it to `decide` each in order, and `write` in the end."""

    def __init__(
        self,
        policy: Policy,
        fingerprints: Fingerprints,
        events: Sequence[ContactCompleted],
        work_orders: dict[str, str],
    ) -> None:
        self.events = events
        self._policy = policy
        self._fingerprints = fingerprints
        self._work_orders = work_orders
        self._matters: dict[str, Matter] = {}
        self._changed: set[str] = set()
        self.known: list[tuple[str, tuple[Known, ...]]] = []
        """What is known now of customers, by id; to be written in that order, behind what their contacts told."""

    @classmethod
    async def of(
        cls,
        tx: Transaction,
        batch: Sequence[Incoming],
        came: Opened,
        policy: Policy,
        fingerprints: Fingerprints,
    ) -> "Completions":
        """Return the completions in `batch`, and those that came before the contacts whose work orders were just opened.

        One about a contact that is not known yet is kept for its opening.
        """
        opened = {one.work_order.contact_id: one.work_order.id for one in came.fresh}
        waiting = opened.keys() & came.beside.early
        early = await store.take_early(tx.connection, waiting) if waiting else []
        events = [*early, *(item.data for item in batch if isinstance(item.data, ContactCompleted))]
        made = cls(policy, fingerprints, events, opened)
        wanted = {event.contact_id for event in events} - opened.keys()
        if wanted:
            found = await _work_orders(tx, wanted, policy)
            made._work_orders |= found
            await store.keep_early(tx.connection, [e for e in events if e.contact_id in wanted - found.keys()])
            made._matters |= await store.matters_of(tx.connection, found.values())
        made._matters |= {one.work_order.id: one.matter for one in came.fresh}
        return made

    def about(self, event: ContactCompleted) -> str | None:
        """Return the id of the work order of the contact; None where it has none."""
        return self._work_orders.get(event.contact_id)

    def decide(self, work_order: WorkOrder, event: ContactCompleted) -> Decided | Ignored:
        """Decide what one completion does, and keep what it tells for `write`."""
        matter = completed(self._matters.get(work_order.id, Matter("")), event)
        self._matters[work_order.id] = matter
        self._changed.add(work_order.id)
        known = self._fingerprints.known(work_order.customer_id, matter, by_staff=staffed(event))
        self.known.append((work_order.customer_id, known))
        return supplement(work_order, matter, event, self._policy)

    def matter(self, work_order_id: str) -> Matter | None:
        """Return what the work order's contact says now; None where nothing was completed in this batch."""
        return self._matters.get(work_order_id)

    async def write(self, tx: Transaction) -> None:
        """Write what the contacts say now."""
        await store.replace_matters(tx.connection, {key: self._matters[key] for key in self._changed})


async def _work_orders(tx: Transaction, contact_ids: set[str], policy: Policy) -> dict[str, str]:
    """Return the work orders of these contacts by the contacts' ids.

    Whoever opens work orders holds the day's numbers until the commit: what is missing is looked for once more behind
    that lock, and is then either there or not being opened by anybody.
    """
    found = await store.ids_of_contacts(tx.connection, contact_ids)
    if missing := contact_ids - found.keys():
        await store.take_numbers(tx.connection, day_of(tx.now, policy.timezone), 0)
        found |= await store.ids_of_contacts(tx.connection, missing)
    return found
