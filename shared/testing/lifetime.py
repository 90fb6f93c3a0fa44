"""What is started and stopped runs inside `async with`."""

from abc import ABC, abstractmethod
from typing import Self


class Lifetime(ABC):
    """Runs inside `async with`; nothing of it is left afterwards, nor where its start fails or is broken off."""

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @abstractmethod
    async def start(self) -> None:
        """Run on return."""

    @abstractmethod
    async def stop(self) -> None:
        """Be gone on return; nothing happens where nothing runs."""
