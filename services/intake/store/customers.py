"""The files of customers: written once, then completed; each detail with its provenance (R-IN-03, R-IN-04, R-IN-11)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic_core import to_json
from sqlalchemy import ARRAY, Text, bindparam, case, func, literal, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.customer_file import FIELDS, CustomerFile
from services.intake.store.parameters import as_json, given
from services.intake.store.tables import customers
from shared.bus.transaction import Transaction
from shared.times import rfc3339

_RISING = "tier"
"""The one detail that a contact may change: upwards."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a detail in a customer's file comes from."""

    provenance: str
    source_id: str
    at: datetime
    by: str | None = None

    def to_json(self) -> dict[str, str]:
        """Return it as it is stored."""
        found = {"provenance": self.provenance, "source_id": self.source_id, "at": rfc3339(self.at)}
        return found if self.by is None else found | {"by": self.by}


Origins = Mapping[str, Origin]
"""By the name of the detail."""


def insert_customers(tx: Transaction, files: Mapping[str, CustomerFile], origins: Mapping[str, Origins]) -> None:
    """Have new customers written."""
    rows = [
        {
            "id": key,
            **details_of(file),
            "preferences": file.preferences.model_dump(exclude_none=True),
            "provenance": written(origins.get(key, {})),
            "created_at": tx.now,
            "updated_at": tx.now,
        }
        for key, file in files.items()
    ]
    tx.insert(customers, rows)


async def complete_customers(
    connection: AsyncConnection,
    files: Mapping[str, CustomerFile],
    since: Mapping[str, CustomerFile],
    origins: Mapping[str, Origins],
    tiers: Sequence[str],
    at: datetime,
) -> None:
    """Fill the empty details of customers, raise their tier, renew their preferences; `since` are the files before.

    What another replica filled in the meantime stays, and a higher tier as well.
    """
    if not files:
        return
    told = given("id", *FIELDS, "preferences", "provenance", "rising")
    ranks = bindparam("tiers", type_=ARRAY(Text))
    higher = func.coalesce(func.array_position(ranks, told.c.tier), 0) > func.coalesce(
        func.array_position(ranks, customers.c.tier), 0
    )
    values: dict[str, Any] = {name: func.coalesce(customers.c[name], told.c[name]) for name in FIELDS}
    values[_RISING] = case((higher, told.c.tier), else_=values[_RISING])
    values["preferences"] = customers.c.preferences.concat(as_json(told.c.preferences))
    values["provenance"] = (
        as_json(told.c.provenance)
        .concat(customers.c.provenance)
        .concat(case((higher, as_json(told.c.rising)), else_=literal({}, JSONB)))
    )
    ids = sorted(files)
    rising = [{name: one for name, one in written(origins.get(key, {})).items() if name == _RISING} for key in ids]
    await connection.execute(
        update(customers).values(**values, updated_at=bindparam("at")).where(customers.c.id == told.c.id),
        {
            "id_": ids,
            "at": at,
            "tiers": list(tiers),
            "preferences_": [_text(_renewed(files[key], since[key])) for key in ids],
            "provenance_": [_text(written(origins.get(key, {}))) for key in ids],
            "rising_": [_text(one) for one in rising],
        }
        | {f"{name}_": [getattr(files[key], name) for key in ids] for name in FIELDS},
    )


async def correct_customer(
    connection: AsyncConnection, customer_id: str, file: CustomerFile, origins: Origins, at: datetime
) -> None:
    """Write the file of a customer whose row is locked, as it is to be."""
    values: dict[str, Any] = {
        **details_of(file),
        "preferences": file.preferences.model_dump(exclude_none=True),
        "provenance": customers.c.provenance.concat(written(origins)),
        "updated_at": at,
    }
    await connection.execute(update(customers).values(**values).where(customers.c.id == customer_id))


def details_of(file: CustomerFile) -> dict[str, str | None]:
    """Return the details of a file by their names."""
    return {name: getattr(file, name) for name in FIELDS}


def written(origins: Origins) -> dict[str, dict[str, str]]:
    """Return origins as they are stored."""
    return {name: origin.to_json() for name, origin in origins.items()}


def _renewed(file: CustomerFile, since: CustomerFile) -> dict[str, Any]:
    """Return the preferences that changed: another replica may be changing others."""
    known = since.preferences.model_dump()
    return {name: value for name, value in file.preferences.model_dump().items() if value != known[name]}


def _text(value: Any) -> str:
    return to_json(value).decode()
