"""Answers that refuse, as problem details (RFC 9457)."""

from collections.abc import Mapping, Sequence

from pydantic_core import to_json

from shared.events import Fault

MEDIA_TYPE = "application/problem+json"


class HttpProblem(Exception):
    """An answer that an endpoint gives by raising it; nothing of what a sender sent stands in it."""

    def __init__(
        self,
        status: int,
        kind: str,
        title: str,
        detail: str = "",
        *,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer with `status`; `kind` (`bad-signature`) counts as the reason in the metrics and ends the type's URI."""
        super().__init__(detail or title)
        self.status = status
        self.kind = kind
        self.title = title
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = dict(headers or {})

    def body(self) -> bytes:
        """Return the JSON of the answer."""
        told: dict[str, object] = {
            "type": f"urn:yingda:problem:{self.kind}",
            "title": self.title,
            "status": self.status,
        }
        if self.detail:
            told["detail"] = self.detail
        if self.faults:
            told["errors"] = [fault.to_json() for fault in self.faults]
        return to_json(told)
