"""The command that completes a contact: what staff add to its register (R-IN-04, R-IN-07)."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from services.intake import store
from services.intake.domain.completion import Completion, Conflict, Given, complete
from services.intake.domain.customer_file import CustomerFile
from services.intake.domain.provenance import VOLUNTEERED
from services.intake.domain.registration import register
from services.intake.handlers.identifiers import identifiers_of, same_detail
from services.intake.handlers.refusals import conflicting, known_of_another, not_volunteered, unknown_contact
from shared import metrics
from shared.bus.transaction import Transaction
from shared.events import Contact, Problem, faults_of, refuse
from shared.events.commands import CompleteContact
from shared.events.storable import storable
from shared.policy import Policy


class Register:
    """Completes contacts. A refusal is a problem, and nothing has changed then."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    async def complete(self, tx: Transaction, command: CompleteContact) -> Mapping[str, Any] | Problem:
        """Add what `command` gives and return the names of what was `completed`, `corrected`, `dropped`, `shared`.

        Refused: what cannot be read (422), an unknown contact (404), what is known otherwise (409 `conflicting-details`)
        and a number or address of another customer (409 `known-of-another-customer`): two customers are never merged.
        """
        found = await store.load_contact(tx.connection, command.contact_id)
        if found is None:
            return unknown_contact(command.contact_id)
        given = self._given(command, found)
        if isinstance(given, Problem):
            return given
        savepoint = await tx.connection.begin_nested()
        done = await self._settle(tx, command, found, given)
        if isinstance(done, Problem):
            await savepoint.rollback()
        else:
            await savepoint.commit()
        return done

    def _given(self, command: CompleteContact, found: store.Recorded) -> Given | Problem:
        """Return what is given without what was not volunteered, which is dropped and counted (R-IN-03)."""
        form = {
            "occurred_at": found.row["occurred_at"],
            "text": found.row["text"],
            "customer": storable(command.customer),
            "details": storable(command.details),
        }
        try:
            contact = Contact.model_validate(form)
        except ValidationError as error:
            faults = tuple(faults_of(error))
            detail = "; ".join(f"{fault.field}: {fault.message}" for fault in faults)
            return refuse(422, "invalid-content", "The command's content cannot be used", detail, faults)
        read = register(contact, self._policy, contact_id="", channel="", source_id="")
        if read.dropped and read.told == CustomerFile() and not read.details:
            _count_dropped(read.dropped)
            return not_volunteered(read.dropped)
        return Given(read.told, read.details, read.provenance, read.dropped)

    async def _settle(
        self, tx: Transaction, command: CompleteContact, found: store.Recorded, given: Given
    ) -> Mapping[str, Any] | Problem:
        """Take the identifiers first, as registering does, so that the two can never wait for each other."""
        customer_id: str = found.row["customer_id"]
        wanted = identifiers_of(given.customer)
        sources = dict.fromkeys(wanted, found.row["source_id"])
        won = await store.claim(tx.connection, dict.fromkeys(wanted, customer_id), sources, tx.now)
        known = await store.load_known(tx.connection, [one for one in wanted if one not in won])
        held = await store.load_contact(tx.connection, command.contact_id, lock=True)
        if held is None:
            return unknown_contact(command.contact_id)
        record = held.record(self._policy.intake.tiers)
        completion = complete(record, given, self._policy, same_detail, correct=command.correct)
        if isinstance(completion, Conflict):
            return conflicting(completion.places)
        others: dict[str, str] = {
            one.kind: owner
            for one, owner in known.owners.items()
            if owner != customer_id and one.kind in completion.told
        }
        if others and not command.shared:
            return known_of_another(others)
        if completion.completed:
            await self._write(tx, command.by, held, record.file, completion, tuple(others))
        else:
            _count_dropped(completion.dropped)
        return {
            "contact_id": command.contact_id,
            "customer_id": customer_id,
            "completed": completion.completed,
            "corrected": completion.corrected,
            "dropped": completion.dropped,
            "shared": tuple(others),
        }

    async def _write(
        self,
        tx: Transaction,
        by: str,
        held: store.Recorded,
        before: CustomerFile,
        completion: Completion,
        shared: tuple[str, ...],
    ) -> None:
        customer_id: str = held.row["customer_id"]
        after = completion.record.file
        origins = {
            name: store.Origin(
                completion.provenance.get(f"customer.{name}", VOLUNTEERED), held.row["source_id"], tx.now, by
            )
            for name in after.learned(before)
        }
        wrong = set(identifiers_of(before)) - set(identifiers_of(after))
        await store.release(tx.connection, customer_id, [one for one in wrong if one.kind in completion.corrected])
        await store.complete_contact(tx.connection, held, completion, shared, by, tx.now)
        await store.correct_customer(tx.connection, customer_id, after, origins, tx.now)
        tx.emit(completion.event(by, tx.now), subject=held.row["id"], cause=held.row["traceparent"])


def _count_dropped(names: Iterable[str]) -> None:
    """Count here what no event tells of."""
    for name in names:
        metrics.DETAILS_DROPPED.labels(name).inc()
