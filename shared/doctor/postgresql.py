"""PostgreSQL: whether it lets us in, and whether it is set up to keep what it was given and to serve all services."""

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db import create_engine, database_url
from shared.doctor.finding import Check, Finding
from shared.doctor.house import House
from shared.doctor.machine import DISK_FULL, full_disk

OLDEST: Final = 15
"""Major version; the tests run on 18."""
OVERFLOW: Final = 2
"""Connections that a pool may open beyond its size (`shared.db`)."""
SPARE: Final = 5
"""Connections for the command line, backups and whoever looks."""

AWAY = Check(
    "postgresql-away",
    "nothing answers at the address in YINGDA_DATABASE_URL",
    "Start PostgreSQL, or mend host and port of the address.",
)
REFUSES = Check(
    "postgresql-password",
    "PostgreSQL refuses the user or the password",
    "Mend YINGDA_DATABASE_PASSWORD or the user in YINGDA_DATABASE_URL; pg_hba.conf says who may come from where.",
)
NO_DATABASE = Check(
    "postgresql-database-missing",
    "the database in YINGDA_DATABASE_URL does not exist",
    "Create it, or mend the name at the end of the address.",
)
FULL_HOUSE = Check(
    "postgresql-connections-taken",
    "PostgreSQL has no connection left for us",
    "Raise max_connections, or lower YINGDA_DATABASE_POOL or the number of replicas.",
)
OLD = Check("postgresql-old", "PostgreSQL is older than the services need", f"Upgrade to {OLDEST} or later.")
LOSES = Check(
    "postgresql-unsafe",
    "PostgreSQL is set up to lose what it has confirmed when the power fails",
    "Switch fsync, full_page_writes and synchronous_commit on again.",
)
CONNECTIONS = Check(
    "postgresql-max-connections",
    "max_connections is too small for the pools of all services",
    "Raise max_connections, or lower YINGDA_DATABASE_POOL.",
)
CLOCKS_APART = Check(
    "clocks-apart",
    "this machine's clock and PostgreSQL's differ",
    "Keep both machines' clocks by NTP; deadlines go by PostgreSQL's.",
)
CHECKS = (AWAY, REFUSES, NO_DATABASE, FULL_HOUSE, OLD, LOSES, CONNECTIONS, CLOCKS_APART)

_SETTINGS: Final = text(
    "SELECT name, setting FROM pg_settings WHERE name IN ('server_version_num', 'max_connections', "
    "'superuser_reserved_connections', 'reserved_connections', 'fsync', 'full_page_writes', 'synchronous_commit', "
    "'data_directory')"
)


@contextlib.asynccontextmanager
async def postgresql(house: House, found: list[Finding]) -> AsyncIterator[None]:
    """Let the house have its engine while PostgreSQL answers; else add to `found` why it does not."""
    engine = create_engine(house.settings)
    try:
        trouble = await _enter(engine, database_url(house.settings))
        if trouble is not None:
            found.append(trouble)
        house.engine = engine if trouble is None else None
        yield
    finally:
        house.engine = None
        await engine.dispose()


async def look_at_postgresql(house: House) -> AsyncIterator[Finding]:
    """Yield what is wrong with the server's version, its settings, its disk and its clock."""
    if house.engine is None:
        return
    async with house.engine.connect() as connection:
        rows = await connection.execute(_SETTINGS)
        held: dict[str, str] = {row.name: row.setting for row in rows}
        apart = await _apart(connection)
    for finding in (
        old_version(int(held["server_version_num"])),
        _unsafe(held),
        _too_few(held, len(house.services), house.settings.database_pool),
        clocks_apart(apart, house.thresholds.clock_seconds),
        _full(held.get("data_directory"), house),
    ):
        if finding is not None:
            yield finding


async def _enter(engine: AsyncEngine, url: URL) -> Finding | None:
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except (OSError, TimeoutError, DBAPIError, asyncpg.PostgresError) as error:
        return refusal(getattr(error, "orig", None) or error, url)
    return None


def refusal(error: Any, url: URL) -> Finding:
    """Return why PostgreSQL did not let us in; no password is in it."""
    where, state = url.render_as_string(hide_password=True), getattr(error, "sqlstate", None)
    if state in {"28P01", "28000"}:
        return REFUSES.found(f"PostgreSQL at {url.host}:{url.port} refuses the user {url.username} or its password")
    if state == "3D000":
        return NO_DATABASE.found(f"PostgreSQL at {url.host}:{url.port} has no database {url.database}")
    if state == "53300":
        return FULL_HOUSE.found(f"PostgreSQL at {url.host}:{url.port} has no connection left for us")
    said = " ".join(str(error).split()).rpartition("'>: ")[2] or type(error).__name__
    return AWAY.found(f"PostgreSQL does not answer at {where}: {said}")


def old_version(number: int) -> Finding | None:
    """Return that the server of `number`, as in 180004, is too old; None where it is not."""
    if number // 10_000 >= OLDEST:
        return None
    return OLD.found(f"PostgreSQL is version {number // 10_000}, and the services need {OLDEST} or later")


def clocks_apart(seconds: float, most: float) -> Finding | None:
    """Return that this machine's clock is `seconds` before PostgreSQL's; None where that is not too much."""
    if abs(seconds) <= most:
        return None
    how = "ahead of" if seconds > 0 else "behind"
    return CLOCKS_APART.found(f"this machine's clock is {abs(seconds):.1f} s {how} PostgreSQL's")


async def _apart(connection: AsyncConnection) -> float:
    before = datetime.now(UTC)
    theirs: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
    between = before + (datetime.now(UTC) - before) / 2
    return (between - theirs).total_seconds()


def _unsafe(held: dict[str, str]) -> Finding | None:
    off = [name for name in ("fsync", "full_page_writes", "synchronous_commit") if held.get(name) == "off"]
    if not off:
        return None
    return LOSES.found(f"PostgreSQL runs with {' and '.join(off)} off: a power failure loses what it has confirmed")


def _too_few(held: dict[str, str], services: int, pool: int) -> Finding | None:
    reserved = int(held["superuser_reserved_connections"]) + int(held.get("reserved_connections", "0"))
    there, wanted = int(held["max_connections"]) - reserved, services * (pool + OVERFLOW) + SPARE
    if there >= wanted:
        return None
    return CONNECTIONS.found(
        f"PostgreSQL takes {there} connections, and {services} services with pools of {pool} may ask for {wanted}"
    )


def _full(directory: str | None, house: House) -> Finding | None:
    """Return that the disk of PostgreSQL is full, where it is a disk of this machine and may be asked."""
    if not directory or database_url(house.settings).host not in {"127.0.0.1", "::1", "localhost", None}:
        return None
    full = full_disk(Path(directory), house.thresholds.least_free_percent)
    return DISK_FULL.found(f"the disk of PostgreSQL's data in {directory} {full}") if full else None
