"""How far the messages of each customer-service account have been fetched and published; outlives a crash."""

import asyncio
import re
from pathlib import Path
from typing import Final

from shared.adapters.durable import write_durably

KFID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONGEST: Final = 1_000


class Cursors:
    """One small file for each account; a missing one means: from the beginning, which is three days ago."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def known(self) -> list[str]:
        """Return the customer-service accounts that have been fetched before."""
        return await asyncio.to_thread(self._known)

    async def read(self, open_kfid: str) -> str:
        """Return where the next messages begin; empty at the first time."""
        return await asyncio.to_thread(self._read, open_kfid)

    async def write(self, open_kfid: str, cursor: str) -> None:
        """Note that all before `cursor` is on the bus."""
        await asyncio.to_thread(write_durably, self._path(open_kfid), cursor.encode())

    def _path(self, open_kfid: str) -> Path:
        return self._folder / f"{open_kfid}.cursor"

    def _known(self) -> list[str]:
        return sorted(one.stem for one in self._folder.glob("*.cursor") if KFID.fullmatch(one.stem))

    def _read(self, open_kfid: str) -> str:
        try:
            return self._path(open_kfid).read_text(encoding="utf-8").strip()[:_LONGEST]
        except FileNotFoundError:
            return ""
