"""What every endpoint promises (shared/adapters): it says what it serves, and answers 2xx only for what is on the bus."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import httpx
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route, WebSocketRoute

from shared.adapters import BusAway, Endpoint, HttpProblem, Operation, RefusedByBus, TooLarge
from shared.adapters.setup import AdapterSetup
from shared.plugins import Setup
from shared.policy import load_policy
from shared.testing.contracts.base import NAME, PLAIN, PluginContract
from shared.testing.contracts.bus import Bus, Told

_STATUS: Final = {BusAway: 503, TooLarge: 413, RefusedByBus: 422}
"""What the gateway answers where an endpoint raises."""
_FAULT: Final = 500


@dataclass(frozen=True, slots=True)
class Call:
    """A request as a sender makes it; `path` is below the endpoint's own."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class EndpointContract(PluginContract):
    """Subclass it as `Test…`, with `plugin` and at least one of `samples`: a request, and how many contacts it brings."""

    kind: ClassVar[str] = "endpoint"
    samples: ClassVar[tuple[tuple[Call, int], ...]] = ()
    refused: ClassVar[tuple[Call, ...]] = ()
    """Requests that bring nothing and get a 4xx: unsigned ones, old ones, ones that cannot be read."""

    def calls(self) -> tuple[tuple[Call, int], ...]:
        """Return the samples; say it here, and not in `samples`, where they are to be made when they are sent."""
        return self.samples

    def refusals(self) -> tuple[Call, ...]:
        """Return what is refused, likewise."""
        return self.refused

    def setup(self, config: Mapping[str, Any], secrets: Mapping[str, str] | None = None) -> Setup:
        """Return the setup of an endpoint, with the policy."""
        return AdapterSetup(**self.setup_values(config, secrets), policy=load_policy())

    def endpoint(self) -> Endpoint:
        """Return the endpoint under test."""
        built: Endpoint = self.typed(Endpoint)
        return built

    def test_it_says_its_channels(self) -> None:
        """NATS lets it publish to these and no others."""
        channels = self.endpoint().channels
        assert channels, "an endpoint without a channel"
        assert all(NAME.fullmatch(one) for one in channels), f"none of these is a channel's name: {channels}"

    def test_every_route_is_described(self) -> None:
        """And every description is one of a route: the gateway's OpenAPI is made of them."""
        endpoint = self.endpoint()
        routes = endpoint.routes(self._bus(endpoint).work(self.plugin.name, asyncio.Event()))
        operations = endpoint.operations
        assert operations, "an endpoint that says nothing of what it serves"
        for one in operations:
            assert one.summary.strip(), f"{one.method} {one.path} has no summary"
            assert any(_serves(route, one) for route in routes), f"no route serves {one.method} {one.path or '/'}"
        for route in routes:
            assert any(_serves(route, one) for one in operations), f"no operation describes {route}"

    def test_its_samples_come_through(self) -> None:
        """Each brings its contacts, with an id that is the same for every repetition (R-IN-06)."""
        assert self.calls(), "give at least one sample: (Call, how many contacts it brings)"
        for call, brings in self.calls():
            status, told = self._answer(call)
            assert status < 300, f"{call.method} {call.path} was answered with {status}"  # noqa: PLR2004
            assert len({one.key for one in told}) == brings, f"{len(told)} contacts came, not {brings}"
            assert [one.key for one in self._answer(call)[1]] == [one.key for one in told], (
                "a repetition has another id"
            )

    def test_no_success_before_the_bus_has_it(self) -> None:
        """A sender that is answered 2xx forgets; while the bus is away none is."""
        for call, brings in self.calls():
            if brings:
                status, told = self._answer(call, away=True)
                assert not told
                assert status >= 300, f"{call.path} was answered with {status} though the bus is away"  # noqa: PLR2004

    def test_what_is_refused_brings_nothing(self) -> None:
        """And its sender is told that it is wrong (4xx)."""
        for call in self.refusals():
            status, told = self._answer(call)
            assert not told, f"{call} brought a contact"
            assert 400 <= status < _FAULT, f"{call} was answered with {status}"  # noqa: PLR2004

    @PLAIN
    @given(body=st.binary(max_size=200) | st.sampled_from([b"{}", b"[]", b"null", b"\xff\xfe", b"<xml/>", b"[" * 9000]))
    def test_any_body_is_answered(self, body: bytes) -> None:
        """Nobody can make it fail (500) by what they send."""
        for call, _ in self.calls():
            status, _ = self._answer(Call(call.method, call.path, body, call.headers))
            assert status < _FAULT, f"{body!r} was answered with {status}"

    def _bus(self, endpoint: Endpoint, *, away: bool = False) -> Bus:
        return Bus(frozenset(endpoint.channels), lambda: away)

    def _answer(self, call: Call, *, away: bool = False) -> tuple[int, list[Told]]:
        """Return the status that a new endpoint answers with, as the gateway would, and what came onto the bus."""
        endpoint = self.endpoint()
        bus = self._bus(endpoint, away=away)

        async def asked() -> int:
            app = Starlette(routes=list(endpoint.routes(bus.work(self.plugin.name, asyncio.Event()))))
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
                answer = await client.request(
                    call.method, call.path or "/", content=call.body, headers=dict(call.headers)
                )
                return answer.status_code

        try:
            return asyncio.run(asked()), bus.told
        except HttpProblem as problem:
            return problem.status, bus.told
        except (BusAway, TooLarge, RefusedByBus) as error:
            return _STATUS[type(error)], bus.told


def _serves(route: BaseRoute, operation: Operation) -> bool:
    """Return whether a route serves an operation; a path with parameters serves what fits it, or is described as it is."""
    if not isinstance(route, Route | WebSocketRoute):
        return False
    methods = {method.lower() for method in route.methods or ()} if isinstance(route, Route) else {"get"}
    path = operation.path or "/"
    return operation.method in methods and (path == (route.path or "/") or bool(route.path_regex.match(path)))
