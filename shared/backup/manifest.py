"""What a backup says of itself. It is written last: without it, a directory holds no backup but the rest of one."""

import hashlib
import os
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json, to_json

from shared.backup.errors import DamagedError

FILE: Final = "manifest.json"
FORMAT: Final = 1


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Kept(_Part):
    """One file of the backup."""

    name: str
    bytes: int
    sha256: str


class TableKept(_Part):
    """The rows of one table, as COPY wrote them."""

    schema_name: str
    table: str
    columns: tuple[str, ...]
    rows: int
    file: Kept


class StreamKept(_Part):
    """One stream with its consumers, as JetStream's snapshot has it."""

    name: str
    messages: int
    last_sequence: int
    consumers: int
    config: dict[str, Any]
    state: dict[str, Any]
    file: Kept


class TailKept(_Part):
    """What a stream received between its snapshot and the database's."""

    stream: str
    messages: int
    last_sequence: int
    file: Kept


class Manifest(_Part):
    """Everything in one backup: the moment it is of, the versions that made it, and each file with its checksum."""

    format: int = FORMAT
    yingda: str
    postgresql: str
    nats: str
    began_at: AwareDatetime
    """PostgreSQL's clock before anything was read."""
    at: AwareDatetime
    """The moment whose world this is: of the database's snapshot."""
    revisions: dict[str, str]
    """The revision of each schema."""
    tables: tuple[TableKept, ...]
    sequences: dict[str, int]
    """The last value of each sequence of the database, by its qualified name."""
    streams: tuple[StreamKept, ...]
    tail: TailKept
    others: tuple[Kept, ...] = ()

    @property
    def files(self) -> tuple[Kept, ...]:
        """Every file but the manifest."""
        return (*(t.file for t in self.tables), *(s.file for s in self.streams), self.tail.file, *self.others)

    @property
    def rows(self) -> int:
        """How many rows there are in all tables."""
        return sum(table.rows for table in self.tables)

    def write(self, directory: Path) -> None:
        """Complete the backup in `directory`."""
        body = to_json(self.model_dump(mode="json"))
        text = to_json({"sha256": hashlib.sha256(body).hexdigest(), "manifest": from_json(body)}, indent=1)
        draft = directory / f"{FILE}.new"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(directory / FILE)

    @classmethod
    def read(cls, directory: Path) -> Self:
        """Return what the backup in `directory` says of itself; `DamagedError` where it does not say so any more."""
        path = directory / FILE
        if not path.is_file():
            raise DamagedError(f"there is no whole backup in {directory}: it has no {FILE}")
        try:
            told = from_json(path.read_bytes())
            if told["manifest"]["format"] != FORMAT:
                raise DamagedError(
                    f"the backup in {directory} is of the form {told['manifest']['format']}, and this version reads {FORMAT}"
                )
            manifest = cls.model_validate(told["manifest"])
        except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
            raise DamagedError(f"the backup in {directory} is damaged: {path} cannot be read") from error
        if hashlib.sha256(to_json(manifest.model_dump(mode="json"))).hexdigest() != told.get("sha256"):
            raise DamagedError(f"the backup in {directory} is damaged: {path} is not as it was written")
        return manifest


def moment(at: datetime) -> str:
    """Return a moment as sentences tell it."""
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")
