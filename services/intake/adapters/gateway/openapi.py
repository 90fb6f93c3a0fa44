"""The description of what is mounted, OpenAPI 3.1, made of what the endpoints say of themselves."""

import re
from collections.abc import Mapping
from typing import Any, Final

from services.intake.adapters.gateway.config import GatewayConfig
from shared.adapters import Endpoint, Operation
from shared.adapters.problem import MEDIA_TYPE

PROBLEM: Final[Mapping[str, Any]] = {
    "type": "object",
    "description": "Problem details, RFC 9457.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:yingda:problem:stale"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
_REFUSALS: Final = {
    "408": "The body took too long to arrive.",
    "413": "The request is too large.",
    "429": "Too many requests; `Retry-After` says when to come again.",
    "503": "Not kept yet, since the message bus is away: send the same again after `Retry-After`.",
}
_RETRY: Final = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}


def describe(endpoints: Mapping[str, Endpoint], config: GatewayConfig, version: str) -> dict[str, Any]:
    """Return the document of `endpoints`, by their names."""
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": config.title,
            "version": version,
            "description": "How contacts come in over HTTP. Whatever is answered with 2xx is kept; anything else is sent again.",
        },
    }
    if config.public_url is not None:
        document["servers"] = [{"url": config.public_url}]
    paths: dict[str, dict[str, Any]] = {}
    for name, endpoint in sorted(endpoints.items()):
        for operation in endpoint.operations:
            paths.setdefault(f"/{name}{operation.path}", {})[operation.method] = _operation(name, operation)
    return document | {
        "paths": paths,
        "components": {"schemas": {"Problem": PROBLEM}},
        "tags": [{"name": name} for name in sorted(endpoints)],
    }


def _operation(name: str, operation: Operation) -> dict[str, Any]:
    words = re.findall(r"[a-z0-9]+", f"{name} {operation.method} {operation.path}")
    told: dict[str, Any] = {
        "operationId": "_".join(words),
        "tags": [name],
        "summary": operation.summary,
        "responses": _responses(operation),
    }
    if operation.description:
        told["description"] = operation.description
    if operation.parameters:
        told["parameters"] = [dict(one) for one in operation.parameters]
    if operation.body:
        content = {media_type: {"schema": dict(schema)} for media_type, schema in operation.body.items()}
        told["requestBody"] = {"required": True, "content": content}
    return told


def _responses(operation: Operation) -> dict[str, Any]:
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses: dict[str, Any] = {status: {"description": text} for status, text in operation.answers.items()}
    if not any(status.startswith(("1", "2")) for status in responses):
        responses["202"] = {"description": "Kept: JetStream has acknowledged the contact."}
    for status, text in _REFUSALS.items():
        headers = {"headers": _RETRY} if status in {"429", "503"} else {}
        responses.setdefault(status, {"description": text, "content": problem, **headers})
    responses["default"] = {"description": "Refused.", "content": problem}
    return dict(sorted(responses.items()))
