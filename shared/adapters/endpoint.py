"""An endpoint: HTTP routes for one kind of sender, mounted by the gateway process under `/<name of the endpoint>`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from starlette.routing import BaseRoute

from shared.adapters.work import Work


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of an endpoint as OpenAPI 3.1 describes it."""

    method: str
    """In lower case, as `post`; a WebSocket is a `get` that answers 101."""
    path: str
    """Below the endpoint's own, beginning with a slash, or empty."""
    summary: str
    body: Mapping[str, Any] = field(default_factory=dict)
    """Media types of the request body, each with its schema: `{"application/json": {"type": "object", …}}`."""
    parameters: Sequence[Mapping[str, Any]] = ()
    """Parameter objects of OpenAPI, as `{"name": "signature", "in": "query", "required": True, "schema": {…}}`."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """What each status beside the common ones (202, 4xx, 503) says: `{"200": "the word success"}`."""
    description: str = ""


@runtime_checkable
class Endpoint(Protocol):
    """What the entry points of `yingda.endpoints` build.

    The gateway has limited size, rate and time of a request before an endpoint sees it. What an endpoint raises becomes
    the answer: `HttpProblem` its own status, `BusAway` 503 with Retry-After, `TooLarge` 413, `RefusedByBus` 422; anything else 500.

    It may have beside what stands here: `largest_body`, the bytes of one request in place of the gateway's limit; `origins`,
    the pages whose scripts may use it; `refusal_page`, which makes of an `HttpProblem` what a person sees whose browser
    has posted a form; `sent_by_vendor`, true where all genuine requests come from a few addresses and prove whose they are:
    those do not count against the rate of their sender.
    """

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that it publishes to; the publisher refuses others, and so does NATS."""
        ...

    @property
    def operations(self) -> Sequence[Operation]:
        """What its routes do, for `/openapi.json`."""
        ...

    def routes(self, work: Work) -> Sequence[BaseRoute]:
        """Return Starlette routes with paths relative to the endpoint's own; they answer 2xx only after `publish` returned."""
        ...


@runtime_checkable
class Running(Protocol):
    """An endpoint that also works while nobody asks it anything: implement `run` beside what `Endpoint` has."""

    async def run(self, work: Work) -> None:
        """Work until `work.stopping` is set, finish what is in hand, and return. It begins before the first request."""
        ...
