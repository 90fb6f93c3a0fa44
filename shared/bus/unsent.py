"""What a crash has left in the outboxes: committed, and not yet on the stream (ADR 0024).

Services do not see one another's schemas. This one figure of all outboxes is told by a function that acts with the
rights of whoever provisioned it.
"""

from collections.abc import Awaitable, Callable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db import role_name

LEFT_AFTER_SECONDS = 2.0
"""A row is marked within a second of its publication: one that is older and not marked was left."""
GIVEN_UP_AFTER_SECONDS = 60.0
"""Longer than this nobody waits for it: a service that is gone for good must not hold up the others for ever."""

_FUNCTION = """CREATE OR REPLACE FUNCTION suite.left_unsent(own text, after float8, until float8) RETURNS float8
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    present timestamptz := clock_timestamp();
    service text;
    found timestamptz;
    oldest timestamptz;
BEGIN
    FOR service IN
        SELECT schemaname FROM pg_tables WHERE tablename = 'dead_letters' AND schemaname <> own
    LOOP
        EXECUTE format(
            'SELECT min(created_at) FROM %I.outbox WHERE sent_at IS NULL AND created_at < $1 AND created_at > $2', service
        ) INTO found USING present - make_interval(secs => after), present - make_interval(secs => until);
        oldest := least(oldest, found);
    END LOOP;
    RETURN extract(epoch FROM present - oldest);
END $$"""
_SIGNATURE = "suite.left_unsent(text, float8, float8)"
_ASK = text("SELECT suite.left_unsent(:own, :after, :until)")


async def provision_left_unsent(connection: AsyncConnection, services: list[str]) -> None:
    """Create or replace the function; only `services` may call it."""
    await connection.execute(text(_FUNCTION))
    await connection.execute(text(f"REVOKE ALL ON FUNCTION {_SIGNATURE} FROM PUBLIC"))
    for service in services:
        await connection.execute(text(f'GRANT EXECUTE ON FUNCTION {_SIGNATURE} TO "{role_name(service)}"'))


def left_unsent(engine: AsyncEngine, service: str) -> Callable[[], Awaitable[float | None]]:
    """Return a question for the age, in real seconds, of the oldest event that another service was to publish and has not.

    None where there is none, or where it was left so long ago that nobody waits for it.
    """
    given = {"own": service, "after": LEFT_AFTER_SECONDS, "until": GIVEN_UP_AFTER_SECONDS}

    async def ask() -> float | None:
        async with engine.connect() as connection:
            age: float | None = await connection.scalar(_ASK, given)
            return age

    return ask
