"""Holds the ledger against the stream and the messages: what must hold after every fault is over."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from tests.faults.chaos.ledger import Ledger
from tests.faults.chaos.messages import Messages
from tests.faults.chaos.record import Record

MARKED = ("respond", "resolve", "pause", "cancel")
"""Commands whose words come back in their event, so that each effect can be told from the others."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it must be: what kind of fault, of which id, and what was found."""

    kind: str
    id: str
    what: str


def judge(ledger: Ledger, record: Record, messages: Messages) -> list[Finding]:
    """Return everything that is wrong, nothing where every guarantee held."""
    return [
        *_contacts(ledger, record),
        *_numbers(record),
        *_versions(record),
        *_clocks(record),
        *_messages(record, messages),
        *_commands(ledger, record),
    ]


def _contacts(ledger: Ledger, record: Record) -> Iterator[Finding]:
    """Find what was lost, doubled, or came from nowhere."""
    for source_id in ledger.acknowledged:
        if not record.registered.get(source_id):
            yield Finding("contact lost", source_id, "acknowledged and never registered")
        elif not record.opened.get(source_id):
            yield Finding("contact lost", source_id, "registered, and no work order was opened")
    for source_id, ids in record.registered.items():
        if len(ids) > 1:
            yield Finding("contact doubled", source_id, f"registered {len(ids)} times")
        if source_id not in ledger.acknowledged:
            yield Finding("contact invented", source_id, "registered, though nobody published it")
    for source_id, orders in record.opened.items():
        if len(orders) > 1:
            yield Finding("work order doubled", source_id, f"work orders {', '.join(sorted(orders))}")


def _numbers(record: Record) -> Iterator[Finding]:
    by_number: defaultdict[str, list[str]] = defaultdict(list)
    for key, order in record.orders.items():
        by_number[order.number].append(key)
    for number, keys in by_number.items():
        if len(keys) > 1:
            yield Finding("number doubled", number, f"work orders {', '.join(sorted(keys))}")


def _versions(record: Record) -> Iterator[Finding]:
    for key, order in record.orders.items():
        wanted = set(range(1, max(order.versions) + 1))
        if missing := sorted(wanted - set(order.versions)):
            yield Finding("version gap", key, f"{missing} missing of {max(wanted)}")
        if turned := [f"{b} after {a}" for a, b in pairwise(order.versions) if b < a]:
            yield Finding("version inversion", key, ", ".join(turned))
        for version, ids in order.ids.items():
            if len(ids) > 1:
                yield Finding("version doubled", key, f"version {version} has {len(ids)} events")


def _clocks(record: Record) -> Iterator[Finding]:
    by_subject: defaultdict[tuple[object, ...], list[str]] = defaultdict(list)
    for key, clock in record.clocks.items():
        by_subject[clock.what].append(key)
        if len(clock.started) != 1:
            yield Finding("clock start", key, f"{clock.what} started {len(clock.started)} times")
        if len(clock.ends) != 1:
            ends = ", ".join(sorted(clock.ends.values())) or "none"
            yield Finding("clock end", key, f"{clock.what} due {clock.due_at} has these ends: {ends}")
    for what, keys in by_subject.items():
        if len(keys) > 1:
            yield Finding("clock doubled", ", ".join(sorted(keys)), f"{what}")


def _messages(record: Record, messages: Messages) -> Iterator[Finding]:
    for key, times in messages.times.items():
        if times > 1 and "unknown" not in record.notices.get(key, {}).values():
            yield Finding("message doubled", key, f"sent {times} times and never flagged")
    for key, order in record.orders.items():
        told = messages.accepted[order.number]
        flagged = {kind for one in record.accepted.get(key, ()) for kind in record.notices[one].values()}
        if told > 1 and "unknown" not in flagged:
            yield Finding("message doubled", key, f"{order.number}: acceptance told {told} times")
        if not told and not flagged & {"unknown", "failed", "suppressed"}:
            yield Finding("message lost", key, f"{order.number}: acceptance never told")


def _commands(ledger: Ledger, record: Record) -> Iterator[Finding]:
    for command_id, asked in ledger.commands.items():
        if not asked.replies:
            yield Finding("command unanswered", command_id, f"{asked.name} asked {asked.attempts} times")
            continue
        if len(asked.replies) > 1:
            yield Finding("command answered twice", command_id, f"{asked.name} has {len(asked.replies)} replies")
        if asked.name not in MARKED:
            continue
        effects = record.orders[asked.work_order_id].texts.count(asked.text)
        if effects != int(asked.done):
            how = "acknowledged" if asked.done else f"refused with {asked.replies[0]['error']}"
            yield Finding("command effect", command_id, f"{asked.name} was {how} and has {effects} effects")
