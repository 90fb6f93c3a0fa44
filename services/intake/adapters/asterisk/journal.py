"""The calls that are going on or not yet published, a file for each, kept over crashes."""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import structlog

from services.intake.adapters.asterisk.call import Call
from shared.adapters.durable import remove_durably, write_durably

log = structlog.get_logger()


class Journal:
    """Files in `folder`; what cannot be read is told and left where it is."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, call: Call) -> None:
        """Keep `call` as it is now."""
        write_durably(self._path(call), json.dumps(call.as_json()).encode())

    def forget(self, call: Call) -> None:
        """Remove a call that is on the bus."""
        remove_durably(self._path(call))

    def set_aside(self, call: Call) -> None:
        """Keep a call that the bus refuses out of the way, for a person to look at."""
        self._path(call).replace(self._path(call).with_suffix(".refused"))

    def kept(self) -> Iterator[Call]:
        """Yield every call that is kept."""
        for path in sorted(self._folder.glob("*.json")):
            try:
                yield Call.from_json(json.loads(path.read_bytes()))
            except (OSError, ValueError, KeyError, TypeError) as error:
                log.warning("a call in the journal cannot be read", file=path.name, why=type(error).__name__)

    def _path(self, call: Call) -> Path:
        return self._folder / f"{sha256(call.call_id.encode()).hexdigest()[:32]}.json"
