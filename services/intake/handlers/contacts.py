"""A batch of raw contacts: read each, find or create its customer, record it, tell of it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import structlog

from services.intake import store
from services.intake.domain.calls import counted
from services.intake.domain.correspondence import is_letter, marked
from services.intake.domain.customer_file import CustomerFile
from services.intake.domain.customers import Assignment, Identifier, Visitor, assign
from services.intake.domain.provenance import VOLUNTEERED
from services.intake.domain.registration import Registration, register
from services.intake.handlers.asides import set_aside
from services.intake.handlers.identifiers import handle_of, identifiers_of
from services.intake.handlers.rejections import channel_of, reject
from services.intake.ports import Aside, Channel, Reading, Unreadable
from shared.bus.transaction import Incoming, Transaction
from shared.ids import new_id
from shared.plugins import PluginError
from shared.plugins.guard import Guard
from shared.plugins.words import told
from shared.policy import Policy

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Arrival:
    """One contact that could be read, with the message that brought it and who stands behind it."""

    incoming: Incoming
    registration: Registration
    visitor: Visitor


class Reception:
    """Records contacts over the channels whose plugins the policy names."""

    def __init__(self, channels: Mapping[str, Channel], policy: Policy, erase: asyncio.Event) -> None:
        """Take the channels and the policy; `erase` is set when there is a raw contact to be erased."""
        self._reads = {name: Guard("channel", name).around(one.read) for name, one in channels.items()}
        self._policy = policy
        self._erase = erase

    async def on_events(self, tx: Transaction, batch: Sequence[Incoming]) -> None:
        """Record every contact of `batch` once (R-IN-06); one that cannot be read is rejected, the others go on."""
        arrivals: list[Arrival] = []
        asides: list[tuple[Incoming, Aside]] = []
        for incoming in batch:
            reading = self._read(channel_of(incoming.delivery), incoming)
            if isinstance(reading, Unreadable):
                reject(tx, incoming, reading)
                continue
            if isinstance(reading, Aside):
                asides.append((incoming, reading))
                continue
            registration = register(
                reading,
                self._policy,
                contact_id=new_id(),
                channel=channel_of(incoming.delivery),
                source_id=incoming.message.key,
            )
            handle = handle_of(registration.channel, registration.details)
            visitor = Visitor(new_id(), identifiers_of(registration.told, handle))
            arrivals.append(Arrival(incoming, registration, visitor))
        await set_aside(tx, asides)
        if arrivals:
            await _record(tx, arrivals, self._policy)
        unkept = [one.incoming.delivery.sequence for one in arrivals if one.registration.dropped]
        if unkept:
            await store.want_erased(tx.connection, unkept)
            self._erase.set()

    def _read(self, channel: str, incoming: Incoming) -> Reading:
        read = self._reads.get(channel)
        if read is None:
            return Unreadable(f'no plugin for channel "{channel}" is configured (plugins.channels of the policy)')
        try:
            reading = read(incoming.data)
        except PluginError as error:
            return Unreadable(str(error))
        except Exception as error:  # noqa: BLE001 (a stranger's plugin may raise anything; the contact must not be lost)
            log.warning("channel plugin failed", channel=channel, why=told(error))
            return Unreadable(f'the plugin for channel "{channel}" failed: {type(error).__name__}')
        if not isinstance(reading, Reading):  # a stranger's may be anything
            return Unreadable(  # type: ignore[unreachable]
                f'the plugin for channel "{channel}" answered with a {type(reading).__name__}'
            )
        return reading


async def _record(tx: Transaction, arrivals: Sequence[Arrival], policy: Policy) -> None:
    """Write contacts, customers and identifiers, and emit what was registered."""
    assignment, known = await _settle(tx, arrivals)
    registrations = await _judged(tx, arrivals, assignment.customer_ids, policy)
    files = dict(known.files)
    origins: dict[str, dict[str, store.Origin]] = {}
    fresh: list[tuple[Registration, str, str]] = []
    for arrival, (registration, customer_id) in zip(arrivals, registrations, strict=True):
        before = files.get(customer_id, CustomerFile())
        after = files[customer_id] = before.grown(registration.told, policy.intake.tiers)
        for name in after.learned(before):
            how = registration.provenance.get(f"customer.{name}", VOLUNTEERED)
            origins.setdefault(customer_id, {})[name] = store.Origin(how, registration.source_id, tx.now)
        if registration.source_id not in known.recorded:
            event = registration.event(customer_id, after, tx.now)
            tx.emit(event, subject=event.contact_id, cause=arrival.incoming.message)
            fresh.append((registration, customer_id, arrival.incoming.message.trace))
    needed = {customer_id for _, customer_id, _ in fresh} | set(assignment.claims.values())
    new = {key: file for key, file in files.items() if key not in known.files and key in needed}
    grown = {key: file for key, file in files.items() if key in known.files and file != known.files[key]}
    store.insert_contacts(tx, fresh)
    store.insert_customers(tx, new, origins)
    await store.complete_customers(tx.connection, grown, known.files, origins, policy.intake.tiers, tx.now)
    zone = ZoneInfo(policy.timezone)
    calls = [
        (r.contact.occurred_at.astimezone(zone).date(), r.contact.agent_id, r.call)
        for r, _, _ in fresh
        if r.call is not None
    ]
    await store.add_calls(tx.connection, counted(calls))


async def _judged(
    tx: Transaction, arrivals: Sequence[Arrival], customer_ids: Sequence[str], policy: Policy
) -> list[tuple[Registration, str]]:
    """Return the contacts with their customers; letters beyond what a person writes carry the mark of a machine."""
    found = [(one.registration, customer) for one, customer in zip(arrivals, customer_ids, strict=True)]
    letters = [(registration.channel, customer) for registration, customer in found if is_letter(registration)]
    if not letters:
        return found
    limit = policy.intake.correspondence
    earlier = await store.count_contacts(tx.connection, letters, tx.now - limit.within.timedelta)
    return marked(found, earlier, limit.most)


async def _settle(tx: Transaction, arrivals: Sequence[Arrival]) -> tuple[Assignment, store.Known]:
    """Return whose contact each one is, with what was known before; the customers' identifiers are written.

    Where another replica took an identifier in the same moment, its customer is known now: the decision is made
    again, and what was claimed for a customer that is not to be goes to the one it came out to be.
    """
    visitors = [arrival.visitor for arrival in arrivals]
    wanted = [identifier for visitor in visitors for identifier in visitor.identifiers]
    known = await store.load_known(tx.connection, wanted, [arrival.registration.source_id for arrival in arrivals])
    first = assign(visitors, known.owners)
    won = await store.claim(tx.connection, first.claims, _sources(arrivals), tx.now)
    lost = first.claims.keys() - won
    if not lost:
        return first, known
    since = await store.load_known(tx.connection, lost)
    final = assign(visitors, {**known.owners, **since.owners})
    moves = {i: owner for i, owner in final.claims.items() if owner != first.claims[i]}
    await store.reassign(tx.connection, moves)
    return final, store.Known(known.owners, {**known.files, **since.files}, known.recorded)


def _sources(arrivals: Sequence[Arrival]) -> dict[Identifier, str]:
    """Return for each identifier the contact that told it first (R-IN-03)."""
    return {
        identifier: arrival.registration.source_id
        for arrival in reversed(arrivals)
        for identifier in arrival.visitor.identifiers
    }
