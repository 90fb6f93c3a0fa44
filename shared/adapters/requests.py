"""What endpoints read of a request, and what they answer; faults are `HttpProblem`s that tell nothing of its content."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import from_json, to_json
from starlette.requests import Request
from starlette.responses import Response

from shared.adapters.problem import HttpProblem
from shared.events import Fault, faults_of

NAME_LIMIT = 200
"""Characters of what a sender calls its contact."""
M = TypeVar("M", bound=BaseModel)


async def read_json(request: Request) -> Any:
    """Return the body of `request` as JSON; `HttpProblem` 415 where it says that it is something else, 400."""
    if media_type(request) not in {"", "application/json"} and not media_type(request).endswith("+json"):
        raise HttpProblem(415, "not-json", "The body must be application/json")
    return json_of(await request.body())


def media_type(request: Request) -> str:
    """Return what the body says that it is, without parameters; empty where it says nothing."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def json_of(body: bytes) -> Any:
    """Return `body` as JSON; `HttpProblem` 400 where it is none."""
    try:
        return from_json(body)
    except ValueError:
        raise HttpProblem(400, "not-json", "The body is not JSON") from None


def validated(model: type[M], value: Any) -> M:
    """Return `value` as `model`; `HttpProblem` 422 that names its faults, not its values."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise invalid(faults_of(error)) from None


def invalid(faults: Sequence[Fault]) -> HttpProblem:
    """Return the answer to what can be read and makes no sense."""
    return HttpProblem(422, "invalid", "The request cannot be used", faults=faults)


def name_in(request: Request) -> str | None:
    """Return what the sender calls the request in `Idempotency-Key`; None where it does not. `HttpProblem` 422."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    name = key.strip().strip('"')
    if not 0 < len(name) <= NAME_LIMIT or not name.isprintable():
        raise invalid([Fault("Idempotency-Key", f"must have 1 to {NAME_LIMIT} printable characters")])
    return name


def digest_of(*parts: Any) -> str:
    """Return 32 hexadecimal digits that name `parts`: the same for what is equal, and telling nothing of it."""
    return hashlib.sha256(to_json(parts)).hexdigest()[:32]


def said(content: Mapping[str, Any], status: int = 200) -> Response:
    """Return an answer in JSON."""
    return Response(to_json(content), status, media_type="application/json")


def kept(*references: str) -> Response:
    """Return the answer to what is on the bus: 202 with `<source>/<id>` of each contact."""
    return said({"accepted": references}, 202)
