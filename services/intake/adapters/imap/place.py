"""How far a folder is read: what survives a crash, so that no mail is lost; what is fetched twice has the same id."""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from shared.adapters.durable import write_durably

_FORM: Final = 1
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9@._-]")


@dataclass(slots=True)
class Place:
    """All mails up to `last_uid` are on the bus, but for those in `again`."""

    uid_validity: int
    last_uid: int
    again: dict[int, int] = field(default_factory=dict)
    """Mails that could not be brought, with how often it was tried."""
    untidied: list[int] = field(default_factory=list)
    """Mails on the bus that are still to be marked or moved."""
    since: datetime | None = None
    """When the folder was first read, where what was in it before was left to people; None where all is read."""
    form: int = _FORM


_PLACE: Final = TypeAdapter(Place)


class PlaceFile:
    """The file with the place of one folder of one mailbox on one server."""

    def __init__(self, directory: Path, host: str, user: str, folder: str) -> None:
        told = f"{host}\n{user}\n{folder}"
        readable = _UNSAFE.sub("_", f"{user}-{folder}")[:80]
        self._path = directory / f"{readable}-{hashlib.sha256(told.encode()).hexdigest()[:12]}.json"

    def read(self) -> Place | None:
        """Return the place; None where there is none yet. `ValueError` for a file that says nothing of use."""
        try:
            return _PLACE.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            raise ValueError(f"{self._path} does not say how far the folder is read") from error

    def write(self, place: Place) -> None:
        """Keep the place; it is on the disk afterwards."""
        write_durably(self._path, to_json(_PLACE.dump_python(place)))
