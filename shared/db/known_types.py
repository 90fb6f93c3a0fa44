"""Array types that PostgreSQL has had under the same numbers for ever, so that no new connection asks for them.

asyncpg knows the plain types and arrays of text. For every other array in a statement each new connection asks the
catalogue, in a statement that takes PostgreSQL 9 ms to plan while whoever opened the connection waits.
"""

from typing import Any

_ARRAYS = {
    "bool": (1000, 16),
    "bytea": (1001, 17),
    "int2": (1005, 21),
    "int4": (1007, 23),
    "int8": (1016, 20),
    "float4": (1021, 700),
    "float8": (1022, 701),
    "date": (1182, 1082),
    "timestamp": (1115, 1114),
    "timestamptz": (1185, 1184),
    "interval": (1187, 1186),
    "numeric": (1231, 1700),
    "uuid": (2951, 2950),
    "jsonb": (3807, 3802),
}
"""Each with the number of its array and its own (`pg_type.dat` of PostgreSQL)."""

_TYPES = [
    {
        "oid": array,
        "ns": "pg_catalog",
        "name": f"_{name}",
        "kind": b"b",
        "basetype": None,
        "elemtype": element,
        "elemdelim": ",",
        "elemtype_name": name,
        "range_subtype": None,
        "attrtypoids": None,
        "attrnames": None,
    }
    for name, (array, element) in _ARRAYS.items()
]
"""As asyncpg's own question answers."""


def know_arrays(driver: Any) -> None:
    """Tell asyncpg's connection `driver` what it would ask for."""
    driver._protocol.get_settings().register_data_types(_TYPES)  # noqa: SLF001 (no public door; the version is pinned)
