"""`DIR/endpoints.json`: where a running suite can be reached (contract, "Command line")."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

FILE = "endpoints.json"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The servers of a running suite, and by service name the address of its metrics and its process id.

    `survey` is where customers reach the survey page; links are `survey/s/TOKEN`. None without the service for it.
    `monitoring` is where NATS tells of itself, where the suite has started it. `adapters` are the addresses at which
    the world outside reaches the adapters that are reached, as `http://127.0.0.1:8088` for `gateway`.
    """

    nats_url: str
    database_url: str
    metrics: Mapping[str, str]
    pids: Mapping[str, int]
    survey: str | None = None
    monitoring: str | None = None
    adapters: Mapping[str, str] = field(default_factory=dict)


def write_endpoints(directory: Path, endpoints: Endpoints) -> None:
    """Replace the file in one step: a reader sees the old one or the new one, never half of it."""
    draft = directory / f"{FILE}.new"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(
            {name: told for name, told in asdict(endpoints).items() if told or name != "adapters"}, file, indent=1
        )
    draft.replace(directory / FILE)


def read_endpoints(directory: Path) -> Endpoints | None:
    """Return what the suite in `directory` wrote; None where none runs."""
    try:
        raw = json.loads((directory / FILE).read_text(encoding="utf-8"))
        named = (raw["nats_url"], raw["database_url"], raw["metrics"], raw["pids"])
        return Endpoints(*named, raw.get("survey"), raw.get("monitoring"), raw.get("adapters", {}))
    except (OSError, ValueError, KeyError):
        return None


def remove_endpoints(directory: Path) -> None:
    """Leave no file that names servers which do not run."""
    (directory / FILE).unlink(missing_ok=True)
