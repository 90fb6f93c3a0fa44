"""Contacts as they are recorded: written once (R-IN-06), read, completed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.completion import Completion, Record
from services.intake.domain.customer_file import CustomerFile, file_of
from services.intake.domain.registration import Registration
from services.intake.store.identifiers import file_in
from services.intake.store.tables import completions, contacts, customers
from shared.bus.transaction import Transaction
from shared.db import insert_rows
from shared.events import Customer
from shared.ids import new_id


@dataclass(frozen=True, slots=True)
class Recorded:
    """A contact with its customer's file, as they are stored."""

    row: Mapping[str, Any]
    file: CustomerFile
    file_provenance: Mapping[str, Any]

    def record(self, tiers: Sequence[str]) -> Record:
        """Return what a completion decides on; `tiers` are the policy's."""
        row = self.row
        added = row["completed"] or {}
        told = file_of(Customer(**{**row["customer"], **added.get("customer", {})}), tiers)
        details = {**row["extra"], **row["details"], **added.get("details", {})}
        return Record(row["id"], row["customer_id"], row["text"], told, details, self.file)


def insert_contacts(tx: Transaction, registrations: Iterable[tuple[Registration, str, str]]) -> None:
    """Have contacts written that are not recorded yet, each with its customer's id and trace (R-IN-06)."""
    rows = [_row(registration, customer_id, trace, tx.now) for registration, customer_id, trace in registrations]
    tx.insert(contacts, rows)


async def count_contacts(
    connection: AsyncConnection, letters: Sequence[tuple[str, str]], since: datetime
) -> dict[str, int]:
    """Return how many contacts the customers of `letters` (channel, customer) have had on those channels since then."""
    channels, customers_of = ({one[place] for one in letters} for place in (0, 1))
    query = (
        select(contacts.c.customer_id, func.count())
        .where(contacts.c.customer_id.in_(sorted(customers_of)), contacts.c.channel.in_(sorted(channels)))
        .where(contacts.c.registered_at > since)
        .group_by(contacts.c.customer_id)
    )
    return {row[0]: row[1] for row in await connection.execute(query)}


async def load_contact(connection: AsyncConnection, contact_id: str, *, lock: bool = False) -> Recorded | None:
    """Return one contact, None where there is none; with `lock` nobody else completes it or its customer meanwhile."""
    columns = [column.label(f"k_{column.name}") for column in customers.columns]
    query = (
        select(contacts, *columns)
        .join_from(contacts, customers, customers.c.id == contacts.c.customer_id)
        .where(contacts.c.id == contact_id)
    )
    row = (await connection.execute(query.with_for_update(key_share=True) if lock else query)).mappings().one_or_none()
    if row is None:
        return None
    found = {column.name: row[column.name] for column in contacts.columns}
    known = {column.name: row[f"k_{column.name}"] for column in customers.columns}
    return Recorded(found, file_in(known), known["provenance"])


async def complete_contact(
    connection: AsyncConnection, contact: Recorded, completion: Completion, shared: Sequence[str], by: str, at: datetime
) -> None:
    """Write what was added to a contact, and who added it."""
    before = contact.row["completed"] or {}
    added = {
        "customer": before.get("customer", {}) | dict(completion.told),
        "details": before.get("details", {}) | dict(completion.details),
    }
    await connection.execute(
        update(contacts)
        .values(completed=added, provenance=contacts.c.provenance.concat(dict(completion.provenance)))
        .where(contacts.c.id == contact.row["id"])
    )
    entry = {"id": new_id(), "contact_id": contact.row["id"], "by": by, "at": at}
    names = {"completed": completion.completed, "corrected": completion.corrected, "shared": shared}
    await insert_rows(connection, completions, [entry | names])


async def completions_of(connection: AsyncConnection, contact_id: str) -> list[dict[str, Any]]:
    """Return who completed a contact, the first first."""
    names = (completions.c.by, completions.c.at, completions.c.completed, completions.c.corrected, completions.c.shared)
    query = select(*names).where(completions.c.contact_id == contact_id).order_by(completions.c.at, completions.c.id)
    return [dict(row) for row in (await connection.execute(query)).mappings()]


def _row(registration: Registration, customer_id: str, trace: str, at: datetime) -> dict[str, Any]:
    contact = registration.contact
    return {
        "id": registration.contact_id,
        "source_id": registration.source_id,
        "channel": registration.channel,
        "customer_id": customer_id,
        "occurred_at": contact.occurred_at,
        "registered_at": at,
        "duration_seconds": contact.duration_seconds,
        "agent_id": contact.agent_id,
        "category": contact.category,
        "topic": contact.topic,
        "text": contact.text,
        "details": contact.details,
        "attachments": contact.attachments,
        "emotion": contact.emotion,
        "locale": contact.locale,
        "customer": contact.customer.model_dump(exclude={"provenance"}),
        "extra": registration.extra,
        "provenance": registration.provenance,
        "dropped": registration.dropped,
        "call": registration.call,
        "completed": None,
        "traceparent": trace,
    }
