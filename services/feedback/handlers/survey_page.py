"""The survey page over HTTP: the questions at `/s/TOKEN`, answered once by a plain form (R-FB-02).

A reader learns nothing but what their own link leads to: an unknown token, an expired and a withdrawn survey are the
same page. A preview that fetches the link uses nothing up, since only a form that was sent does.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import parse_qsl

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from services.feedback.domain.accept_language import preferred
from services.feedback.domain.script import LANGUAGES, language_of
from services.feedback.domain.survey_form import FIELDS, LARGEST_FORM_BYTES, Form, read
from services.feedback.handlers.survey_view import Notice, SurveyView
from services.feedback.handlers.surveys import Link, SurveyDesk
from shared import metrics
from shared.bus.failures import told
from shared.web import WithHeaders, page_headers

FORM_SECONDS: Final = 10.0
"""How long a form may take to arrive."""
AT_ONCE: Final = 3
"""Requests that are with the database at once: a crowd of readers must not keep the events from it."""
RETRY_SECONDS: Final = 60
_FORM_TYPE: Final = "application/x-www-form-urlencoded"
_STATUS: Final[dict[Notice, int]] = {"thanks": 200, "repeated": 409, "gone": 404, "refused": 400, "failed": 503}

log = structlog.get_logger()


class FormRefusedError(Exception):
    """What was sent is no form of ours; `status` says what is wrong with it."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with {status}")
        self.status = status


class SurveyPage:
    """Answers the requests for surveys. `app` is the whole ASGI application, its security headers included."""

    def __init__(self, desk: SurveyDesk, view: SurveyView, default_language: str, *, https: bool) -> None:
        self._desk = desk
        self._view = view
        self._default = default_language
        self._with_database = asyncio.Semaphore(AT_ONCE)
        routes = [
            Route("/s/{token}", self._guarded(self._show), methods=["GET"]),
            Route("/s/{token}", self._guarded(self._take), methods=["POST"]),
            Route("/robots.txt", _robots, methods=["GET"]),
        ]
        pages = Starlette(routes=routes, exception_handlers={HTTPException: self._lost})
        pages.router.redirect_slashes = False  # it would answer with whatever host the request names
        self.app: ASGIApp = WithHeaders(pages, page_headers(view.content_security, https=https))

    async def _show(self, request: Request) -> Response:
        link = await self._find(request)
        if link.standing == "open":
            return self._questions(request, link, Form(), 200, "shown")
        return self._say(request, "thanks" if link.standing == "answered" else "gone", link.locale)

    async def _take(self, request: Request) -> Response:
        form = read(await _fields(request))
        link = await self._find(request)
        if link.standing == "open" and form.answer is None:
            return self._questions(request, link, form, 422, "incomplete")
        if link.standing != "open" or form.answer is None:
            return self._say(request, "repeated" if link.standing == "answered" else "gone", link.locale)
        async with self._with_database:
            outcome = await self._desk.answer(request.path_params["token"], form.answer)
        if outcome != "taken":
            return self._say(request, "repeated" if outcome == "answered" else "gone", link.locale)
        metrics.SURVEY_REQUESTS.labels("answered").inc()
        # To the same address, which says thanks from now on: a reload sends nothing again. Relative, for any proxy.
        chosen = request.query_params.get("lang", "")
        query = f"?lang={chosen}" if chosen in LANGUAGES else ""
        return RedirectResponse(f"{request.path_params['token']}{query}", status_code=303)

    async def _find(self, request: Request) -> Link:
        async with self._with_database:
            return await self._desk.find(request.path_params["token"])

    def _guarded(self, answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """Return `answer` with a page for whatever goes wrong; nothing of a request comes into the log."""

        async def guarded(request: Request) -> Response:
            try:
                return await answer(request)
            except FormRefusedError as refused:
                return self._say(request, "refused", status=refused.status)
            except Exception as error:  # noqa: BLE001 (a customer gets a page, whatever the database says)
                log.warning("survey page failed", **told(error))
                page = self._say(request, "failed")
                page.headers["retry-after"] = str(RETRY_SECONDS)
                return page

        return guarded

    async def _lost(self, request: Request, error: Exception) -> Response:
        """Answer what leads nowhere, or with a method that means nothing here."""
        if isinstance(error, HTTPException) and error.status_code != _STATUS["gone"]:
            page = self._say(request, "refused", status=error.status_code)
            page.headers.update(error.headers or {})
            return page
        return self._say(request, "gone")

    def _questions(self, request: Request, link: Link, form: Form, status: int, outcome: str) -> Response:
        metrics.SURVEY_REQUESTS.labels(outcome).inc()
        language = self._language(request, link.locale)
        return _html(self._view.survey(language, link, form), status, language)

    def _say(
        self, request: Request, which: Notice, locale: str | None = None, *, status: int | None = None
    ) -> Response:
        metrics.SURVEY_REQUESTS.labels(which).inc()
        language = self._language(request, locale)
        return _html(self._view.notice(language, which), status or _STATUS[which], language)

    def _language(self, request: Request, locale: str | None) -> str:
        """Return the language that the reader chose on the page, else the browser's, else the customer's."""
        chosen = request.query_params.get("lang", "")
        if chosen in LANGUAGES:
            return chosen
        return preferred(request.headers.get("accept-language", ""), language_of(locale) if locale else self._default)


async def _fields(request: Request) -> dict[str, str]:
    """Return the fields of the form that was sent; `FormRefusedError` for what is no form, too large or too slow."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM_TYPE:
        raise FormRefusedError(415)
    body = bytearray()
    try:
        async with asyncio.timeout(FORM_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LARGEST_FORM_BYTES:
                    raise FormRefusedError(413)
    except TimeoutError:
        raise FormRefusedError(408) from None
    except ClientDisconnect:
        raise FormRefusedError(400) from None
    try:
        pairs = parse_qsl(bytes(body).decode("ascii"), keep_blank_values=True, max_num_fields=2 * len(FIELDS))
    except ValueError:  # no ASCII, or more fields than we ever ask for
        raise FormRefusedError(400) from None
    return dict(pairs)


async def _robots(_request: Request) -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


def _html(page: str, status: int, language: str) -> Response:
    headers = {"content-language": language, "vary": "Accept-Language"}
    return HTMLResponse(page, status_code=status, headers=headers)
