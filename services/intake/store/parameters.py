"""Many values as the parameters of one statement: arrays of texts that PostgreSQL reads as a table."""

from typing import Any

from sqlalchemy import ARRAY, Column, TableValuedAlias, Text, bindparam, cast, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.elements import ColumnElement


def given(*names: str) -> TableValuedAlias:
    """Return the parameters `<name>_`, one array of texts for each column, as a table."""
    arrays = [bindparam(f"{name}_", type_=ARRAY(Text)) for name in names]
    return func.unnest(*arrays).table_valued(*(Column(name, Text) for name in names), name="given").render_derived()


def as_json(column: Any) -> ColumnElement[Any]:
    """Return a text of `given` as JSON."""
    return cast(column, JSONB)
