"""Who sent a request, and how many are taken (ADR 0038)."""

from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from services.intake.adapters.gateway.bodies import Bodies, SenderLeft
from services.intake.adapters.gateway.clients import Clients
from services.intake.adapters.gateway.config import Rates
from services.intake.adapters.gateway.door import Door
from services.intake.adapters.gateway.rates import RateLimit
from shared.adapters import HttpProblem, Report

PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def _scope(peer: str, *forwarded: str) -> dict[str, Any]:
    headers = [(b"x-forwarded-for", text.encode()) for text in forwarded]
    return {"type": "http", "client": (peer, 1234), "headers": headers}


@pytest.mark.parametrize(
    ("peer", "forwarded", "sender"),
    [
        ("203.0.113.7", (), "203.0.113.7"),
        ("203.0.113.7", ("198.51.100.1",), "203.0.113.7"),  # a stranger's word for itself
        ("10.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        ("10.0.0.1", ("8.8.8.8, 198.51.100.1, 10.0.0.2",), "198.51.100.1"),  # what comes first was given by the sender
        ("10.0.0.1", ("8.8.8.8", "198.51.100.1"), "198.51.100.1"),  # two headers are one
        ("10.0.0.1", ("198.51.100.1:4711",), "198.51.100.1"),
        ("10.0.0.1", ("nonsense",), "10.0.0.1"),
        ("10.0.0.1", ("10.0.0.9",), "10.0.0.9"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("::ffff:10.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        ("2001:db8:1:2:3:4:5:6", (), "2001:db8:1:2::"),
        ("fd00::1", ("[2001:db8:1:2::9]:443",), "2001:db8:1:2::"),
    ],
)
def test_only_a_proxy_of_the_house_is_believed(peer: str, forwarded: tuple[str, ...], sender: str) -> None:
    assert Clients(PROXIES).sender(_scope(peer, *forwarded)) == sender


def test_who_has_no_address_is_one_sender() -> None:
    assert Clients(PROXIES).sender({"type": "http", "client": None, "headers": []}) == "unknown"


class _Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_sender_has_its_own_rate_and_is_told_when_to_come_again() -> None:
    time = _Time()
    limit = RateLimit(Rates(per_sender=60, total=1_000), time)
    for _ in range(10):
        limit.take("a")
    with pytest.raises(HttpProblem) as refused:
        limit.take("a")
    assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "1"})
    limit.take("b")
    time.now += 1
    limit.take("a")


def test_all_senders_together_have_one_too() -> None:
    time = _Time()
    limit = RateLimit(Rates(per_sender=60, total=60), time)
    for number in range(10):
        limit.take(str(number))
    with pytest.raises(HttpProblem, match="in all") as refused:
        limit.take("another")
    assert refused.value.kind == "too-busy"
    time.now += 60
    for number in range(10):
        limit.take(str(number))


def test_senders_are_forgotten_before_they_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.intake.adapters.gateway.rates.MOST_SENDERS", 3)
    limit = RateLimit(Rates(per_sender=1, total=100_000), _Time())
    for number in range(100):
        limit.take(str(number))
    assert len(limit._senders) == 3


def _receiving(*parts: bytes, leaves: bool = False) -> Any:
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    messages.append({"type": "http.disconnect"} if leaves else {"type": "http.request", "body": b""})
    given = iter(messages)

    async def receive() -> Any:
        return next(given)

    return receive


async def test_a_body_is_read_whole_and_counted_while_it_is_in_hand() -> None:
    bodies, scope = Bodies(5, 8), {"type": "http", "headers": []}
    async with bodies.read(scope, _receiving(b"one ", b"two"), 100) as receive:
        assert (await receive())["body"] == b"one two"
        with pytest.raises(HttpProblem) as refused:
            async with bodies.read(scope, _receiving(b"xy"), 100):
                pass
        assert refused.value.status == 503
    async with bodies.read(scope, _receiving(b"12345678"), 100) as receive:
        assert (await receive())["body"] == b"12345678"


async def test_who_leaves_in_the_middle_is_no_request() -> None:
    with pytest.raises(SenderLeft):
        async with Bodies(5, 100).read({"type": "http", "headers": []}, _receiving(b"half", leaves=True), 100):
            pass


@pytest.mark.parametrize(("headers", "parts"), [([(b"content-length", b"101")], ()), ([], (b"x" * 60, b"x" * 60))])
async def test_a_body_that_is_too_large_is_refused_as_soon_as_that_is_known(headers: Any, parts: Any) -> None:
    with pytest.raises(HttpProblem) as refused:
        async with Bodies(5, 1_000).read({"type": "http", "headers": headers}, _receiving(*parts), 100):
            pass
    assert (refused.value.status, refused.value.headers["Connection"]) == (413, "close")


@pytest.mark.parametrize(
    ("vendor", "answered", "most"),
    [(True, 200, None), (True, 503, None), (True, 401, 10), (False, 200, 10)],
    ids=["genuine", "a fault of ours", "not genuine", "anybody"],
)
async def test_what_a_vendor_sends_does_not_count_once_it_is_known_as_its_own(
    vendor: bool, answered: int, most: int | None
) -> None:
    """R-IN-08: all of a vendor's pushes come from a few addresses, and it gives up after three: 429 would lose contacts."""

    async def endpoint(_request: Request) -> Response:
        if answered == 200:
            return Response("success")
        raise HttpProblem(answered, "no", "No")

    limit = RateLimit(Rates(per_sender=60, total=100_000), _Time())
    door = Door(
        Router([Route("/", endpoint)]), Report("x"), Clients(()), limit, Bodies(10, 1_000), 1_000, vendor=vendor
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=door), base_url="http://gateway") as http:
        statuses = [(await http.get("/")).status_code for _ in range(100)]
    assert statuses == ([answered] * 100 if most is None else [answered] * most + [429] * (100 - most))
