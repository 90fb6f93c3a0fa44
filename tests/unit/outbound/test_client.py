"""The HTTP client of the transports against real servers that misbehave (R-NT-04, R-NT-05)."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpcore
import pytest

from shared.outbound import Answer, HttpClient, NotTaken, PerhapsTaken
from shared.outbound import network as guarded
from shared.outbound.addresses import TrustedHosts, is_public
from shared.testing.embedded_ports import LOOPBACK
from tests.polling import until
from tests.vendor_server import Asked, Reply, replies, trust, vendor_server

pytestmark = pytest.mark.slow  # servers that are silent

PATIENT, HASTY = 60.0, 1.5
Clients = Callable[..., HttpClient]


@pytest.fixture
async def client() -> AsyncIterator[Clients]:
    """Make clients that trust the loopback address; all are closed in the end."""
    made: list[HttpClient] = []

    def make(wait: float = PATIENT, **options: Any) -> HttpClient:
        made.append(HttpClient(wait_seconds=wait, **{"trusted": [LOOPBACK], **options}))
        return made[-1]

    yield make
    await asyncio.gather(*(one.close() for one in made))


async def test_requests_go_over_one_connection_and_arrive_whole(client: Clients) -> None:
    async with vendor_server(replies(Reply(201, {"id": "名"}, {"X-Id": "7"}))) as there:
        http = client()
        first = await http.post_json(f"{there.url}/send?a=1&b=%20", {"text": "您好"}, {"X-Key": "k"})
        second = await http.request("GET", f"{there.url}")
    assert isinstance(first, Answer)
    assert (first.status, first.taken, first.values(), first.headers["x-id"]) == (201, True, {"id": "名"}, "7")
    assert isinstance(second, Answer)
    asked, other = there.asked
    assert (asked.method, asked.target, asked.json()) == ("POST", "/send?a=1&b=%20", {"text": "您好"})
    assert asked.headers["host"] == f"{LOOPBACK}:{there.port}"
    assert (asked.headers["x-key"], asked.headers["content-length"]) == ("k", str(len(asked.body)))
    assert (other.method, other.target) == ("GET", "/")
    assert there.connections == 1


async def test_a_header_stands_there_once_however_it_is_written(client: Clients) -> None:
    """Two of a kind are refused by the one server and read in another way by the next."""
    async with vendor_server(replies()) as there:
        headers = {"host": "sms.example", "content-type": "text/plain", "CONTENT-TYPE": "application/json"}
        assert isinstance(await client().request("POST", there.url, b"{}", headers), Answer)
    assert there.asked[0].headers["host"] == "sms.example"
    assert there.asked[0].headers["content-type"] == "application/json"


async def test_a_kept_connection_that_the_server_closed_is_replaced(client: Clients) -> None:
    """R-NT-04: nothing is sent on what is known to be closed."""
    async with vendor_server(replies(Reply(close=True))) as there:
        http = client()
        for _ in range(3):
            assert isinstance(await http.post_json(there.url, {}), Answer)
            await until(lambda: there.closed > 0, PATIENT)
    assert there.connections == 2


@pytest.mark.parametrize("trouble", ["cut", "hang", "half", "drip", "garbage"])
async def test_without_a_whole_answer_nobody_knows_whether_it_was_taken(client: Clients, trouble: Any) -> None:
    """R-NT-04: the server had the whole request each time."""
    async with vendor_server(replies(Reply(value={"id": "x" * 50}, trouble=trouble))) as there:
        http = client(HASTY)
        result = await http.post_json(there.url, {"secret": "s3cret"})
        again = await client().post_json(there.url, {})
    assert isinstance(result, PerhapsTaken)
    assert isinstance(again, Answer)
    assert len(there.asked) == 2  # not sent a second time by itself


async def test_a_server_that_is_away_has_taken_nothing(client: Clients) -> None:
    """R-NT-04."""
    async with vendor_server(replies()) as there:
        pass
    assert await client().post_json(there.url, {}) == NotTaken("no connection")


async def test_a_server_that_accepts_nobody_has_taken_nothing(client: Clients) -> None:
    """R-NT-04: the handshake of TLS gets no answer."""
    with socket.create_server((LOOPBACK, 0)) as silent:
        port = silent.getsockname()[1]
        result = await client(HASTY).post_json(f"https://{LOOPBACK}:{port}/", {})
    assert isinstance(result, NotTaken)


async def test_tls_is_verified_and_the_request_stays_here_where_it_is_wrong(client: Clients, tmp_path: Path) -> None:
    """R-NT-04: another authority, another name, no TLS at all: nothing was sent."""
    mine, other = tmp_path / "mine", tmp_path / "other"
    mine.mkdir()
    other.mkdir()
    house = trust(mine)
    async with vendor_server(replies(), house.server) as there:
        assert isinstance(await client(ca=house.ca).post_json(there.url, {}), Answer)
        untrusted = await client().post_json(there.url, {})
        stranger = await client(ca=trust(other).ca).post_json(there.url, {})
    assert untrusted == stranger == NotTaken("its certificate is not one to trust")
    assert len(there.asked) == 1
    misnamed = trust(mine, "vendor.example")
    async with vendor_server(replies(), misnamed.server) as there:
        assert await client(ca=misnamed.ca).post_json(there.url, {}) == NotTaken("its certificate is not one to trust")
    assert there.asked == []
    async with vendor_server(replies()) as there:
        clear = await client(HASTY).post_json(there.url.replace("http:", "https:"), {})
    assert isinstance(clear, NotTaken)


async def test_a_missing_file_of_authorities_is_told(client: Clients, tmp_path: Path) -> None:
    result = await client(ca=tmp_path / "none.pem").post_json(f"https://{LOOPBACK}:9/", {})
    assert result == NotTaken("TLS cannot be prepared: FileNotFoundError")


async def test_an_answer_ends_at_the_limit_and_its_connection_with_it(client: Clients) -> None:
    async with vendor_server(replies(Reply(value=b"x" * 5_000_000))) as there:
        http = client(longest_answer=1000)
        result = await http.post_json(there.url, {})
        assert isinstance(await http.post_json(there.url, {}), Answer)
    assert isinstance(result, Answer)
    assert (len(result.body), result.values()) == (1000, {})
    assert there.connections == 2


async def test_redirections_are_not_followed(client: Clients) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(302, {}, {"Location": "/elsewhere"}) if asked.path == "/" else Reply()

    async with vendor_server(answer) as there:
        result = await client().post_json(there.url, {})
    assert isinstance(result, Answer)
    assert result.status == 302
    assert [one.path for one in there.asked] == ["/"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "localhost", "LOCALHOST", "[::1]", "[::ffff:127.0.0.1]"]
)
async def test_inner_addresses_get_nothing_however_they_are_written(client: Clients, host: str) -> None:
    async with vendor_server(replies()) as there:
        for trusted in ([], ["gateway.example"]):
            result = await client(trusted=trusted).post_json(f"https://{host}:{there.port}/", {})
            assert result == NotTaken("its address is of an inner network, and it is not among the trusted hosts")
    assert there.connections == 0


async def test_a_trusted_network_and_a_trusted_name_are_open(client: Clients) -> None:
    async with vendor_server(replies()) as there:
        for host, trusted in (("localhost", "localhost"), (LOOPBACK, "127.0.0.0/8")):
            http = client(trusted=[trusted])
            assert isinstance(await http.post_json(f"http://{host}:{there.port}/", {}), Answer)


async def test_what_was_checked_is_what_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that gives a public address first and an inner one the next time opens no door: it is asked once."""
    answers = iter([["198.51.100.9", "8.8.8.8"], [LOOPBACK]])
    connected: list[str] = []

    async def lookup(_loop: object, _host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in next(answers)]

    async def connect(_self: object, host: str, *_: Any) -> Any:
        connected.append(host)
        raise httpcore.ConnectError

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", lookup)
    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    network = guarded.GuardedNetwork(TrustedHosts())
    with pytest.raises(httpcore.ConnectError):
        await network.connect_tcp("rebinding.example", 443)
    with pytest.raises(guarded.ForbiddenError):
        await network.connect_tcp("rebinding.example", 443)
    assert connected == ["8.8.8.8"]
    assert all(is_public(ip_address(one)) for one in connected)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x/",
        "file:///etc/passwd",
        "http://",
        "https://x:0/",
        "https://x:99999/",
        "https://[::1/",
        "x",
        "https://x/ä",
    ],
)
async def test_what_is_no_url_is_not_sent(client: Clients, url: str) -> None:
    assert await client().post_json(url, {}) == NotTaken("its address is no URL of the form https://host/path")


async def test_clear_text_goes_to_trusted_hosts_only(client: Clients) -> None:
    assert await client().post_json("http://example.com/", {}) == NotTaken("clear text goes to trusted hosts only")


@pytest.mark.parametrize(
    "header", [{"X": "a\r\nY: b"}, {"X\r\nY": "b"}, {"X": "a\nb"}, {"X": "\0"}, {"": "b"}, {"X": "ä"}]
)
async def test_headers_cannot_be_injected(client: Clients, header: dict[str, str]) -> None:
    async with vendor_server(replies()) as there:
        result = await client().post_json(there.url, {}, header)
        split = await client().post_json(f"{there.url}/a\r\nX: y", {})
    assert result == NotTaken("a header holds a character that no header may hold")
    assert isinstance(split, NotTaken)
    assert there.connections == 0


async def test_no_secret_is_told_or_logged(client: Clients, caplog: pytest.LogCaptureFixture) -> None:
    """Neither of the address, nor of a header, nor of the body, whatever goes wrong and however much is logged."""
    caplog.set_level(logging.DEBUG)
    told = [Reply(value="s3cret"), Reply(trouble="cut"), Reply(trouble="hang"), Reply(trouble="garbage")]
    results = []
    async with vendor_server(replies(*told)) as there:
        for _ in told:
            url = f"{there.url}/s3cret?key=s3cret"
            results.append(await client(HASTY).post_json(url, "s3cret", {"Authorization": "s3cret"}))
    results.append(await client().post_json(f"https://user:s3cret@{LOOPBACK}/", {}))
    assert [type(one) for one in results] == [Answer, PerhapsTaken, PerhapsTaken, PerhapsTaken, NotTaken]
    assert all(json.loads(asked.body) == "s3cret" for asked in there.asked)
    assert "s3cret" not in f"{results}{caplog.text}"


async def test_many_at_once_use_few_connections(client: Clients) -> None:
    async with vendor_server(replies()) as there:
        http = client(connections=3)
        results = await asyncio.gather(*(http.post_json(there.url, number) for number in range(20)))
    assert all(isinstance(one, Answer) for one in results)
    assert {asked.json() for asked in there.asked} == set(range(20))
    assert there.connections <= 3
