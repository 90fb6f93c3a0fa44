"""The application of the gateway: every endpoint under its name, CORS where it asks for it, headers, `/openapi.json`."""

from collections.abc import Mapping
from importlib.metadata import version

from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from services.intake.adapters.gateway.bodies import Bodies
from services.intake.adapters.gateway.clients import Clients
from services.intake.adapters.gateway.config import GatewayConfig
from services.intake.adapters.gateway.door import Door, answer, problem_of
from services.intake.adapters.gateway.openapi import describe
from services.intake.adapters.gateway.rates import RateLimit
from shared.adapters import Endpoint, Work
from shared.web import WithHeaders, page_headers

OPENAPI = "/openapi.json"
_NO_CONTENT = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


class Site:
    """Leads each request to the endpoint that its path begins with."""

    def __init__(self, applications: Mapping[str, ASGIApp], description: bytes) -> None:
        self._applications = applications
        self._description = description

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or lead one WebSocket."""
        name, slash, _ = scope["path"].removeprefix("/").partition("/")
        application = self._applications.get(name)
        if application is not None:
            path = scope["path"] if slash else f"/{name}/"  # the endpoint's own path, with a slash or without
            inner = {**scope, "path": path, "root_path": f"/{name}", "app": self}
            await application(inner, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000, "reason": "not-found"})
        elif scope["path"] == OPENAPI and scope["method"] in {"GET", "HEAD"}:
            await Response(self._description, media_type="application/json")(scope, receive, send)
        else:
            await answer(problem_of(HTTPException(404)))(scope, receive, send)


def build_site(endpoints: Mapping[str, Endpoint], works: Mapping[str, Work], config: GatewayConfig) -> ASGIApp:
    """Return the application that serves `endpoints`, each of which works with the `Work` of its name."""
    clients, bodies = Clients(config.trusted_proxies), Bodies(config.body_seconds, config.bytes_in_hand)
    applications: dict[str, ASGIApp] = {}
    for name, endpoint in endpoints.items():
        router = Router(list(endpoint.routes(works[name])), redirect_slashes=False)
        rate = RateLimit(config.endpoint_rates.get(name, config.rates))
        largest = getattr(endpoint, "largest_body", None) or config.largest_body
        page = getattr(endpoint, "refusal_page", None)
        vendor = getattr(endpoint, "sent_by_vendor", False)
        door = Door(router, works[name].report, clients, rate, bodies, largest, page, vendor=vendor)
        applications[name] = _crossing(door, getattr(endpoint, "origins", ()))
    description = describe(endpoints, config, version("yingda"))
    https = (config.public_url or "").startswith("https://")
    return WithHeaders(Site(applications, to_json(description)), page_headers(_NO_CONTENT, https=https))


def _crossing(app: ASGIApp, origins: tuple[str, ...]) -> ASGIApp:
    """Return `app` as pages of these origins may use it; of no other, and never with their cookies."""
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=list(origins),
        allow_methods=["POST"],
        allow_headers=["content-type", "idempotency-key"],
        expose_headers=["retry-after"],
        max_age=3600,
    )
