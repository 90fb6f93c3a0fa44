"""What the pushes of WeChat, WeCom and Weibo have in common: signed in the query, repeated when not answered in five seconds."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, TypeVar

from pydantic import Field
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from services.intake.plugins.push_xml import LONGEST, PushXmlError, read_push
from shared.adapters import BusAway, HttpProblem, Operation
from shared.wechat import is_signed

ANSWER_SECONDS: Final = 4.5
"""The vendors wait for five, then push again: three times in all."""
LARGEST_BODY: Final = 2 * LONGEST
MOST_SEEN: Final = 20_000
_LONGEST_PARAMETER: Final = 4_096
T = TypeVar("T")

AccountName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
VendorId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_@-]{1,64}$")]


def parameters(request: Request, *names: str) -> list[str]:
    """Return these parameters of the query; `HttpProblem` 401 where one is missing, twice there or endless."""
    found = []
    for name in names:
        given = request.query_params.getlist(name)
        if len(given) != 1 or not 0 < len(given[0]) <= _LONGEST_PARAMETER:
            raise HttpProblem(401, "unsigned", f"The query must name {', '.join(names)}, each once")
        found.append(given[0])
    return found


def check_signature(given: str, *parts: str) -> None:
    """Return if `given` is the signature of `parts`; else `HttpProblem` 401."""
    if not is_signed(given, *parts):
        raise HttpProblem(401, "bad-signature", "The signature does not fit the request")


def operations_of(
    accounts: Iterable[str],
    *,
    asked: Sequence[Mapping[str, Any]],
    pushed: Sequence[Mapping[str, Any]],
    body: Mapping[str, Any],
    answer: str,
) -> list[Operation]:
    """Return what the addresses of `accounts` do: parameters of the vendor's question and of its pushes, body, answer."""
    return [
        one
        for name in accounts
        for one in (
            Operation("get", f"/{name}", "The vendor asks whether this is our address", parameters=asked),
            Operation("post", f"/{name}", "A push", body=body, parameters=pushed, answers={"200": answer}),
        )
    ]


class Once:
    """Lets a signature stand for one body only: where it does not cover the body, who has seen it could sign another.

    The vendor's own repetition has the same body, or a signature of its own.
    """

    def __init__(self, most: int = MOST_SEEN) -> None:
        self._seen: OrderedDict[str, bytes] = OrderedDict()
        self._most = most

    def check(self, signature: str, body: bytes) -> None:
        """Return if `signature` came with no other body before; else `HttpProblem` 401."""
        digest = hashlib.sha256(body).digest()
        if self._seen.setdefault(signature, digest) != digest:
            raise HttpProblem(401, "signature-reused", "The signature came with another body before")
        if len(self._seen) > self._most:
            self._seen.popitem(last=False)


def fields_of(text: str) -> Mapping[str, str]:
    """Return the fields of a push in XML; `HttpProblem` 400 where it is none that can be read safely."""
    try:
        return read_push(text)
    except PushXmlError as error:
        raise HttpProblem(400, "bad-xml", str(error)) from None


def text_of(body: bytes) -> str:
    """Return `body` as text; `HttpProblem` 400 where it is no UTF-8."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise HttpProblem(400, "bad-text", "The body must be UTF-8") from None


async def in_time(work: Coroutine[Any, Any, T]) -> T:
    """Return what `work` does in the time that the vendor waits; `BusAway` where it takes longer, so that it comes again."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await work
    except TimeoutError:
        raise BusAway from None


def echo(text: str) -> Response:
    """Return the answer to the vendor's question whether this is our address."""
    return PlainTextResponse(text)


def done(text: str = "success") -> Response:
    """Return the answer that ends the repetitions; the vendor shows the customer nothing of it."""
    return PlainTextResponse(text)
