"""The fields and files of a request: JSON, a form of HTML, or one with files (multipart/form-data)."""

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from services.intake.adapters.web_form.parts import MOST_PARTS, PartsError, parts_of
from shared.adapters import HttpProblem
from shared.adapters.requests import json_of, media_type
from shared.attachments import File

MOST_WITHOUT_FILES = 1_000_000
"""Bytes of a form that holds no files: only they are large, and what is written is read at one go."""
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Posted:
    """What a sender has posted."""

    fields: dict[str, Any]
    files: tuple[File, ...] = ()
    by_browser: bool = False
    """Whether a form of HTML was posted, whose sender wants to see a page."""


async def read_posted(request: Request) -> Posted:
    """Return the fields and files of `request`; `HttpProblem` 400, 413, 415."""
    kind, body = media_type(request), await request.body()
    if kind == MULTIPART:
        fields, files = await asyncio.to_thread(_parts, request.headers["content-type"], body)
        return Posted(_once(fields), tuple(files), _wants_page(request))
    if len(body) > MOST_WITHOUT_FILES:
        raise HttpProblem(
            413, "too-large", "The request is too large", f"Without files at most {MOST_WITHOUT_FILES:,} bytes."
        )
    if kind == URLENCODED:
        return Posted(_once(_pairs(body)), by_browser=_wants_page(request))
    if kind not in {"", "application/json"}:
        raise HttpProblem(415, "unknown-form", "The body must be JSON or a form of HTML")
    fields = json_of(body)
    if not isinstance(fields, dict):
        raise HttpProblem(400, "not-a-form", "The body must be a JSON object")
    return Posted(fields)


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_PARTS, errors="strict")
    except ValueError:  # also what is not UTF-8
        raise HttpProblem(400, "not-a-form", "The body is not a form in UTF-8") from None


def _once(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Return the fields by name; one that was given several times is a list."""
    fields: dict[str, Any] = {}
    for name, value in pairs:
        held = fields.get(name)
        fields[name] = value if held is None else [*held, value] if isinstance(held, list) else [held, value]
    return fields


def _parts(content_type: str, body: bytes) -> tuple[list[tuple[str, str]], list[File]]:
    fields: list[tuple[str, str]] = []
    files: list[File] = []
    try:
        for part in parts_of(content_type, body):
            if part.filename is None:
                fields.append((part.name, _text(part.content)))
            elif part.content or part.filename:
                files.append(File(part.filename or part.name, part.media_type, part.content))
    except PartsError:
        raise HttpProblem(400, "not-a-form", f"The body is not a form with at most {MOST_PARTS} named parts") from None
    return fields, files


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise HttpProblem(400, "not-a-form", "A field of the form is not UTF-8") from None
