"""What a crash has left in the outboxes: committed, and not yet on the stream (ADR 0024).

Services do not see one another's schemas. This one figure of all outboxes is told by a function that acts with the
rights of whoever provisioned it.
"""

from collections.abc import Awaitable, Callable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

LEFT_AFTER_SECONDS = 2.0
"""A row is marked within a second of its publication: one that is older and not marked was left."""
GIVEN_UP_AFTER_SECONDS = 60.0
"""Longer than this nobody waits for it: a service that is gone for good must not hold up the others for ever."""

LEFT_UNSENT = "suite.left_unsent(text, float8, float8)"
"""The function, which a migration of the schema `suite` makes and which the services may call."""
_ASK = text("SELECT suite.left_unsent(:own, :after, :until)")


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
