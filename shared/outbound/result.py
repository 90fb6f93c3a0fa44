"""What comes of one request: values that a caller branches on (R-NT-04)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """The server has answered. `headers` have names in lower case; `body` ends at the client's limit."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def taken(self) -> bool:
        """Whether the status is a 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004 (what a 2xx is)

    def values(self) -> dict[str, Any]:
        """Return the JSON object of the body; an empty one where the body is something else."""
        value = self.json()
        return value if isinstance(value, dict) else {}

    def json(self) -> Any:
        """Return the JSON value of the body, None where it is no JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class NotTaken:
    """The server has certainly not got the request: no connection, or not a byte of it was sent.

    `reason` is one clause without address, path or secret.
    """

    reason: str
    for_good: bool = False
    """Whether this request can never be sent, whoever is there to take it."""


@dataclass(frozen=True, slots=True)
class PerhapsTaken:
    """The request was on its way, and no whole answer came. `reason` is one clause without address, path or secret."""

    reason: str


Result = Answer | NotTaken | PerhapsTaken
