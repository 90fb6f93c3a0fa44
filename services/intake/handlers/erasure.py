"""Raw contacts that held what was not volunteered leave their stream as soon as they are recorded (R-IN-03)."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake import store
from shared.bus.erase import Erase
from shared.clock import Clock

AT_ONCE = 100


class Eraser:
    """Erases what the reception has noted; repeated after a failure, it comes to the same."""

    def __init__(self, engine: AsyncEngine, erase: Erase, clock: Clock) -> None:
        self._engine = engine
        self._erase = erase
        self._clock = clock

    async def turn(self) -> datetime | None:
        """Erase up to a hundred messages; ask to turn again at once where there may be more."""
        async with self._engine.begin() as connection:
            sequences = await store.take_erasures(connection, AT_ONCE)
            for sequence in sequences:
                await self._erase(sequence)
        return self._clock.now() if len(sequences) == AT_ONCE else None
