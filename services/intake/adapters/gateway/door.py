"""What every request to an endpoint passes: rate, body, and how errors become answers (RFC 9457)."""

from collections.abc import Callable, Mapping
from typing import Final

import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.intake.adapters.gateway.bodies import Bodies, SenderLeft
from services.intake.adapters.gateway.clients import Clients
from services.intake.adapters.gateway.rates import RateLimit
from shared.adapters import BusAway, HttpProblem, RefusedByBus, Report, TooLarge
from shared.adapters.problem import MEDIA_TYPE
from shared.attachments import StoreAwayError
from shared.bus.failures import told

RETRY_SECONDS = 5
FORMS: Final = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
TOO_BUSY = 1013
"""WebSocket: try again later."""

log = structlog.get_logger()


class Door:
    """Lets requests in to the application of one endpoint."""

    def __init__(
        self,
        app: ASGIApp,
        report: Report,
        clients: Clients,
        rate: RateLimit,
        bodies: Bodies,
        largest: int,
        page: Callable[[HttpProblem], str] | None = None,
        *,
        vendor: bool = False,
    ) -> None:
        """`page` makes the answer to a person whose browser has posted a form that is refused.

        Of a `vendor`, who sends everything from a few addresses and soon gives up, only what is not genuine counts
        against its rate.
        """
        self._app = app
        self._page = page
        self._report = report
        self._clients = clients
        self._rate = rate
        self._bodies = bodies
        self._largest = largest
        self._vendor = vendor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or lead one WebSocket."""
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
            return
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._request(scope, receive, sending)
        except SenderLeft:
            self._report.refused("left")
        except Exception as error:
            problem = problem_of(error)
            self._report.refused(problem.kind)
            if problem.status == 500:  # noqa: PLR2004 (a fault of ours; its text may hold what is personal)
                log.warning("request failed", endpoint=self._report.name, **told(error))
            if begun:
                raise
            await self._refusal(problem, scope)(scope, receive, send)

    def _refusal(self, problem: HttpProblem, scope: Scope) -> Response:
        if self._page is None or not _is_a_person(scope):
            return answer(problem)
        return HTMLResponse(self._page(problem), problem.status, headers=problem.headers)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        sender = self._clients.sender(scope)
        scope.setdefault("state", {})["sender"] = sender
        self._rate.take(sender)
        if scope["method"] == "POST":
            self._report.received()
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            async with self._bodies.read(scope, receive, self._largest) as whole:
                await self._app(scope, whole, sending)
        except Exception as error:
            status = problem_of(error).status
            raise
        finally:
            if self._vendor and status // 100 in {2, 5}:  # genuine, or not taken by a fault of ours: it comes again
                self._rate.give_back(sender)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        sender = self._clients.sender(scope)
        scope.setdefault("state", {})["sender"] = sender
        try:
            self._rate.take(sender)
        except HttpProblem as problem:
            self._report.refused(problem.kind)
            await send({"type": "websocket.close", "code": TOO_BUSY, "reason": problem.kind})
            return
        await self._app(scope, receive, send)


def _is_a_person(scope: Scope) -> bool:
    """Return whether a browser has posted a form by itself: whoever sent it looks at the answer."""
    headers = Headers(scope=scope)
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in FORMS and "text/html" in headers.get("accept", "")


def problem_of(error: Exception) -> HttpProblem:
    """Return the answer that `error` becomes."""
    again: Mapping[str, str] = {"Retry-After": str(RETRY_SECONDS)}
    match error:
        case HttpProblem():
            return error
        case BusAway() | StoreAwayError():
            return HttpProblem(503, "bus-away", "The contact is not kept yet, send it again", str(error), headers=again)
        case TooLarge():
            return HttpProblem(413, "too-large", "The contact is too large", str(error))
        case RefusedByBus():
            return HttpProblem(422, "refused", "The contact cannot be taken", str(error))
        case HTTPException():
            kind = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "refused")
            return HttpProblem(error.status_code, kind, error.detail, headers=error.headers)
        case _:
            return HttpProblem(500, "fault", "Something went wrong here, send it again later", headers=again)


def answer(problem: HttpProblem) -> Response:
    """Return the response that tells of `problem`."""
    return Response(problem.body(), problem.status, headers=problem.headers, media_type=MEDIA_TYPE)
