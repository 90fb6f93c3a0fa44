"""The gateway as senders meet it: real requests to a real process (ADR 0038)."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import nats
import pytest
import pytest_asyncio
from nats.aio.client import Client
from openapi_spec_validator import validate

from services.intake.plugins.web import WebChannel
from shared.attachments import ATTACHMENTS
from shared.bus.streams import CONTACTS
from shared.events import Contact
from shared.testing.embedded_nats import EmbeddedNats
from tests.gateway import ORIGIN, POSTS, TOKEN, Gateway, Post, call, form, published, send, webhook
from tests.polling import until

PROXIED = {"x-forwarded-for": "203.0.113.9"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bus(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedNats]:
    async with EmbeddedNats(tmp_path_factory.mktemp("nats")) as server:
        client = await nats.connect(server.url)
        for stream in (CONTACTS, ATTACHMENTS):
            await client.jetstream().add_stream(stream.config())
        await client.close()
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway(bus: EmbeddedNats, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    started = Gateway(
        bus.url,
        tmp_path_factory.mktemp("gateway"),
        body_seconds=3,
        patience_seconds=10,  # a disk that is busy is no bus that is away
        largest_body=100_000,
        trusted_proxies=["127.0.0.1/32"],
        endpoint_rates={"phone_records": {"per_sender": 10, "total": 10_000}},
    )
    async with started.run():
        yield started


@pytest.fixture
async def http(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=gateway.url, trust_env=False, timeout=30) as http:
        yield http


@pytest.fixture
async def client(bus: EmbeddedNats) -> AsyncIterator[Client]:
    client = await nats.connect(bus.url)
    yield client
    await client.close()


async def _named(client: Client, *names: str) -> list[dict[str, Any]]:
    return [one for one in await published(client) if one["id"] in names]


def _is_problem(answer: httpx.Response, status: int, kind: str) -> bool:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    told = answer.json()
    assert (answer.status_code, told["status"], told["type"]) == (status, status, f"urn:yingda:problem:{kind}"), told
    return True


@pytest.mark.parametrize("kind", [kind for kind, make in POSTS.items() if make(1).signed])
async def test_what_is_forged_old_or_unsigned_is_refused(http: httpx.AsyncClient, client: Client, kind: str) -> None:
    before = len(await published(client))
    post = POSTS[kind](900)
    proxied = Post(post.path, post.body, PROXIED, post.signed)
    headers = proxied.all_headers()
    forged = headers | {"x-yingda-signature": f"sha256={'0' * 64}"}
    assert _is_problem(await http.post(post.path, content=post.body, headers=forged), 401, "bad-signature")
    assert _is_problem(await http.post(post.path, content=post.body + b" ", headers=headers), 401, "bad-signature")
    assert _is_problem(await http.post(post.path, content=post.body, headers=PROXIED), 401, "unsigned")
    for at in (time.time() - 301, time.time() + 330):
        assert _is_problem(await send(http, proxied, at), 401, "stale")
    odd = headers | {"x-yingda-timestamp": "-12"}
    assert _is_problem(await http.post(post.path, content=post.body, headers=odd), 401, "bad-signature")
    assert len(await published(client)) == before


async def test_a_request_that_is_replayed_within_the_window_changes_nothing(
    http: httpx.AsyncClient, client: Client
) -> None:
    post = webhook(901)
    headers = post.all_headers()
    answers = [await http.post(post.path, content=post.body, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202] * 3
    assert answers[0].json() == {"accepted": ["webhook/erp/a-901", "webhook/erp/b-901"]}
    assert len(await _named(client, "a-901", "b-901")) == 2


async def test_a_push_to_an_address_that_was_guessed_finds_nothing(http: httpx.AsyncClient) -> None:
    for vendor in ("aliyun", "tencent"):
        post = POSTS[vendor](902)
        guessed = await http.post(post.path.replace(TOKEN, "guess"), content=post.body, headers=post.all_headers())
        assert _is_problem(guessed, 404, "bad-token")
        assert (await send(http, post)).status_code == 200


async def test_what_is_too_large_is_refused_whether_it_says_so_or_not(
    http: httpx.AsyncClient, gateway: Gateway
) -> None:
    large = Post("/webhook/erp", b"[" + b" " * 120_000 + b"]", {}, signed=True)
    assert _is_problem(await send(http, large), 413, "too-large")

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b" " * 10_000

    async with httpx.AsyncClient(base_url=gateway.url, trust_env=False, timeout=30) as other:
        try:
            answer = await other.post("/webhook/erp", content=parts())
        except httpx.TransportError:
            return  # it was cut off before it had said everything
        assert _is_problem(answer, 413, "too-large")


async def test_who_sends_a_body_slowly_is_told_so_and_others_are_served_meanwhile(gateway: Gateway) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(b"POST /web_form HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    await writer.drain()
    async with httpx.AsyncClient(base_url=gateway.url, trust_env=False, timeout=30) as http:
        assert (await send(http, form(903))).status_code == 202
    async with asyncio.timeout(30):
        head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    writer.close()


async def test_too_many_requests_of_one_sender_are_put_off(http: httpx.AsyncClient) -> None:
    """Whom a trusted proxy names is the sender: another one behind the same proxy is not concerned."""
    # ten at once, and one more every six seconds: however slow this machine is, so many are too many
    numbers = range(1_000, 1_040)
    greedy = [Post("/phone_records", call(n).body, {"x-forwarded-for": "198.51.100.1"}, True) for n in numbers]
    answers = [await send(http, post) for post in greedy]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) >= 1
    assert _is_problem(refused[0], 429, "too-many-requests")
    assert int(refused[0].headers["retry-after"]) >= 1
    assert (await send(http, Post("/phone_records", call(922).body, PROXIED, True))).status_code == 202


async def test_while_the_bus_is_away_senders_are_told_to_come_again(bus: EmbeddedNats, tmp_path: Path) -> None:
    post, gateway = form(930), Gateway(bus.url, tmp_path, patience_seconds=0.5)
    async with gateway.run(), httpx.AsyncClient(base_url=gateway.url, trust_env=False, timeout=30) as http:
        await bus.kill()
        try:
            answer = await send(http, post)
            assert _is_problem(answer, 503, "bus-away")
            assert answer.headers["retry-after"] == "5"
            ready = gateway.metrics_url.replace("/metrics", "/readyz")

            async def not_ready() -> bool:
                return (await http.get(ready)).status_code == 503

            await until(not_ready, 60)
        finally:
            await bus.start()

        async def taken() -> bool:
            return (await send(http, post)).status_code == 202

        await until(taken, 60)
    client = await nats.connect(bus.url)
    assert len(await _named(client, "form-930")) == 1
    await client.close()


async def test_pages_of_the_shop_may_post_and_others_may_not(http: httpx.AsyncClient) -> None:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "idempotency-key,content-type"}
    granted = await http.options("/web_form", headers={"origin": ORIGIN, **asked})
    assert (granted.status_code, granted.headers["access-control-allow-origin"]) == (200, ORIGIN)
    denied = await http.options("/web_form", headers={"origin": "https://evil.example", **asked})
    assert "access-control-allow-origin" not in denied.headers
    refused = await http.post("/web_form", json={}, headers={"origin": ORIGIN})
    assert refused.headers["access-control-allow-origin"] == ORIGIN, "a script may read why"
    signed = await http.options("/webhook/erp", headers={"origin": ORIGIN, **asked})
    assert "access-control-allow-origin" not in signed.headers


async def test_every_answer_has_the_headers_that_protect_and_tells_nothing_of_the_server(
    http: httpx.AsyncClient,
) -> None:
    for answer in (await http.get("/"), await send(http, form(940)), await http.get("/openapi.json")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/", 404, "not-found"),
        ("GET", "/nothing/here", 404, "not-found"),
        ("GET", "/web_form", 405, "method-not-allowed"),
        ("POST", "/web_form/elsewhere", 404, "not-found"),
        ("POST", "/webhook/stranger", 404, "not-found"),
        ("POST", "/web_form", 400, "not-json"),
    ],
)
async def test_what_is_wrong_is_told_as_problem_details(
    http: httpx.AsyncClient, method: str, path: str, status: int, kind: str
) -> None:
    assert _is_problem(await http.request(method, path, content=b"{" if method == "POST" else None), status, kind)


async def test_it_describes_itself(http: httpx.AsyncClient) -> None:
    answer = await http.get("/openapi.json")
    document = answer.json()
    validate(document)
    assert set(document["paths"]) >= {
        *("/web_form", "/web_chat", "/webhook/erp", "/phone_records"),
        *("/sms", "/sms/aliyun/{token}", "/sms/tencent/{token}"),
    }
    assert document["paths"]["/webhook/erp"]["post"]["responses"]["503"]["headers"]


async def test_what_it_has_done_is_counted(http: httpx.AsyncClient, gateway: Gateway) -> None:
    await send(http, form(950))
    await send(http, form(950))
    await http.post("/webhook/erp", content=b"{}")
    wanted = (
        'yingda_adapter_contacts_total{adapter="web_form",channel="web",outcome="published"}',
        'yingda_adapter_contacts_total{adapter="web_form",channel="web",outcome="repeated"}',
        'yingda_adapter_refused_total{adapter="webhook",reason="unsigned"}',
        'yingda_adapter_received_total{adapter="web_form"}',
        'yingda_adapter_ack_seconds_count{adapter="web_form"}',
        'yingda_server_up{server="nats",service="gateway"} 1.0',
    )

    async def counted() -> bool:
        text = (await http.get(gateway.metrics_url)).text
        return all(series in text for series in wanted)

    await until(counted, 30, said="what it has done is counted, and it knows that the bus is back")


async def test_a_browser_posts_a_form_with_files_and_sees_a_page(http: httpx.AsyncClient, client: Client) -> None:
    fields = {
        "message": "屏幕坏了",
        "name": "王芳",
        "order_no": "2024051800123",
        "agree": "on",
        "id": "html-1",
        "website": "",
    }
    picture = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8 + b"\r\n--not the boundary\r"
    answer = await http.post(
        "/web_form", data=fields, files={"photo": ("屏幕.png", picture, "image/png")}, headers={"accept": "text/html"}
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    (found,) = await _named(client, "html-1")
    assert found["data"]["text"] == "屏幕坏了"
    assert found["data"]["details"] == {"order_no": "2024051800123"}
    (file,) = found["data"]["attachments"]
    assert (file["name"], file["media_type"], file["size"]) == ("屏幕.png", "image/png", len(picture))
    assert isinstance(WebChannel().read(found["data"]), Contact)


async def test_a_browser_whose_form_is_refused_sees_a_page_and_a_script_the_problem(http: httpx.AsyncClient) -> None:
    from_page = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for status, kind, fields in ((422, "invalid", {"agree": "on"}), (413, "too-large", {"text": "x" * 1_100_000})):
        seen = await http.post("/web_form", headers=from_page, data=fields)
        assert (seen.status_code, seen.headers["content-type"]) == (status, "text/html; charset=utf-8")
        assert "没有提交" in seen.text
        assert _is_problem(await http.post("/web_form", data=fields), status, kind)
    told = await http.post("/web_form", json={"agree": True}, headers=from_page)
    assert _is_problem(told, 422, "invalid")


async def test_what_a_machine_filled_in_is_thrown_away_and_a_box_must_be_ticked(
    http: httpx.AsyncClient, client: Client
) -> None:
    trapped = await send(http, form(960, website="http://spam.example"))
    assert trapped.status_code == 202
    assert not await _named(client, "form-960")
    unticked = await send(http, form(961, agree=False))
    assert _is_problem(unticked, 422, "invalid")
    assert unticked.json()["errors"] == [{"field": "agree", "message": "must be ticked"}]
    empty = await send(http, form(962, text=""))
    assert [fault["field"] for fault in empty.json()["errors"]] == ["text"]


async def test_a_form_without_a_name_is_one_contact_however_often_the_button_is_pressed(
    http: httpx.AsyncClient, client: Client
) -> None:
    before = len(await published(client))
    body = {"text": "同一张表单", "phone": "13800138000", "agree": "是"}
    answers = [await http.post("/web_form", data=body) for _ in range(3)]
    assert len({json.dumps(answer.json()) for answer in answers}) == 1
    assert len(await published(client)) == before + 1


async def test_an_outbound_call_is_no_contact(http: httpx.AsyncClient, client: Client) -> None:
    record = json.loads(call(970).body) | {"direction": "outbound"}
    answer = await send(http, Post("/phone_records", json.dumps(record).encode(), PROXIED, signed=True))
    assert (answer.status_code, answer.json()) == (202, {"accepted": []})
    assert not await _named(client, "call-970")


async def test_told_to_stop_it_answers_what_it_has_in_hand(bus: EmbeddedNats, tmp_path: Path) -> None:
    gateway = Gateway(bus.url, tmp_path)
    async with gateway.run() as process:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        post = form(980)
        head = "\r\n".join(f"{name}: {value}" for name, value in post.all_headers().items())
        writer.write(
            f"POST /web_form HTTP/1.1\r\nHost: x\r\nContent-Length: {len(post.body)}\r\n{head}\r\n\r\n".encode()
        )
        writer.write(post.body[:10])
        await writer.drain()
        async with httpx.AsyncClient(base_url=gateway.url, trust_env=False, timeout=30) as http:
            assert (await send(http, form(981))).status_code == 202  # the other one is in hand by now
        process.terminate()
        await until(lambda: _refuses(gateway.port), 60, every=0.05)
        writer.write(post.body[10:])
        await writer.drain()
        async with asyncio.timeout(30):
            assert (await reader.readline()).startswith(b"HTTP/1.1 202 ")
            assert await process.wait() == 0
        writer.close()


async def _refuses(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return True
    writer.close()
    return False
