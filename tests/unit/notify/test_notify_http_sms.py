"""The http_sms transport against providers that each want to be asked in another way (R-NT-03, R-NT-04, R-NT-05)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.plugins.sms.fields import filled, filled_json
from services.notify.plugins.sms.reading import found
from services.notify.ports import Outcome, Rejected, Retry, Sent, Transport, Unknown
from shared.plugins import ConfigError
from shared.testing.embedded_ports import LOOPBACK
from tests.unit.notify.sms_vendors import SECRET, outbound, sent, sms_transport
from tests.vendor_server import Asked, Reply, VendorServer, replies, vendor_server

pytestmark = pytest.mark.slow  # servers that are silent

JSON: dict[str, Any] = {
    "url": "{server}/v2/send?account={account}&to={to}",
    "body": {"mobile": ["{to}"], "content": "{text}", "uid": "{notification_id}", "long": True, "n": 7},
    "headers": {"Authorization": "Bearer {token}", "Idempotency-Key": "{notification_id}"},
    "secrets": {"account": "sms_account", "token": "sms_token"},
    "answer": {
        "pointer": "/code",
        "later": ["101"],
        "no_such_number": ["102"],
        "unknown": ["999"],
        "reference": "/data/0/msgid",
    },
}


@asynccontextmanager
async def provider(
    answer: Callable[[Asked], Reply], config: dict[str, Any] = JSON, wait: float = 20.0
) -> AsyncIterator[tuple[Transport, VendorServer]]:
    async with vendor_server(answer) as there:
        at = {**config, "url": config["url"].replace("{server}", there.url), "trusted_hosts": [LOOPBACK]}
        transport = sms_transport("http_sms", at, wait=wait)
        try:
            yield transport, there
        finally:
            await transport.close()


async def ask(reply: Reply, config: dict[str, Any] = JSON, **message: Any) -> tuple[Outcome, Asked]:
    async with provider(replies(reply), config) as (transport, there):
        (outcome,) = await sent(transport, outbound(**message))
    (asked,) = there.asked
    return outcome, asked


async def test_json_is_asked_as_configured() -> None:
    """R-NT-05: the provider's own name for the message is kept for receipts."""
    outcome, asked = await ask(Reply(value={"code": 0, "data": [{"msgid": "m-1"}]}))
    assert outcome == Sent("m-1")
    assert asked.method == "POST"
    assert asked.query == {"account": SECRET, "to": "13800138001"}
    assert asked.headers["authorization"] == f"Bearer {SECRET}"
    assert asked.json() == {
        "mobile": ["13800138001"],
        "content": "王女士，您好！\n您反映的问题已受理。",
        "uid": "n1",
        "long": True,
        "n": 7,
    }


async def test_a_form_and_a_query_are_asked_as_configured() -> None:
    form = {
        "url": "{server}/",
        "form": {"Mobile": "{to}", "Content": "【应答】{text}", "Problem": "{problem}"},
        "number": "e164",
    }
    outcome, asked = await ask(Reply(value=b"OK"), form)
    assert outcome == Sent(None)
    assert asked.form == {
        "Mobile": "+8613800138001",
        "Content": "【应答】王女士，您好！\n您反映的问题已受理。",
        "Problem": "净水器不出水",
    }
    get = {"url": "{server}/?m={to}&c={text}&o={work_order}", "method": "GET", "number": "digits"}
    outcome, asked = await ask(Reply(value=b""), get)
    assert (asked.method, asked.body) == ("GET", b"")
    assert asked.query["m"] == "8613800138001"
    assert asked.query["o"] == "XR20261123001"


@pytest.mark.parametrize(
    ("reply", "wanted"),
    [
        (Reply(value={"code": "0"}), Sent(None)),
        (Reply(value={"code": 101}), Retry("refused with 101")),
        (Reply(400, {"code": 101}), Retry("refused with 101")),
        (Reply(value={"code": 102}), Rejected("refused with 102", address=True)),
        (Reply(value={"code": 999}), Unknown("answered with 999")),
        (Reply(value={"code": 7}), Rejected("refused with 7")),
        (Reply(value={"code": "王女士 13800138001"}), Rejected("refused with an unreadable code")),
        (Reply(500, {"code": 7}), Unknown("answered with 500")),
        (Reply(500, {"code": 0}), Unknown("answered with 500")),
        (Reply(value={"message": "fine"}), Unknown("an answer without a code")),
        (Reply(value=b"<html>"), Unknown("an answer without a code")),
        (Reply(401, b""), Rejected("refused with 401")),
        (Reply(429, b""), Retry("refused with 429")),
        (Reply(503, b""), Retry("refused with 503")),
        (Reply(302, b"", {"Location": "/"}), Rejected("refused with 302")),
    ],
)
async def test_an_answer_says_whether_it_was_taken(reply: Reply, wanted: Outcome) -> None:
    """R-NT-04."""
    assert (await ask(reply))[0] == wanted


@pytest.mark.parametrize("trouble", ["cut", "hang", "half", "drip", "garbage"])
async def test_no_whole_answer_is_unknown_and_the_next_message_passes(trouble: Any) -> None:
    """R-NT-04."""
    told = replies(Reply(trouble=trouble, value={"code": 0, "data": "x" * 99}), Reply(value={"code": 0}))
    async with provider(told, wait=1.0) as (transport, there):
        assert isinstance((await sent(transport, outbound(1)))[0], Unknown)
        assert await sent(transport, outbound(2)) == [Sent(None)]
    assert len(there.asked) == 2


async def test_inner_addresses_and_clear_text_need_trust() -> None:
    """R-NT-05."""
    async with vendor_server(replies()) as there:
        for url in (f"{there.url}/", f"https://{LOOPBACK}:{there.port}/", "https://169.254.169.254/latest/meta-data"):
            transport = sms_transport("http_sms", {"url": url})
            (outcome,) = await sent(transport, outbound())
            assert isinstance(outcome, Retry)
            assert SECRET not in outcome.reason
            await transport.close()
    assert there.connections == 0


@pytest.mark.parametrize(
    "text", ["{token}", "{account} {to}", "{{to}}", '"},"x":{"', "{{ 7 * 7 }}", "%(to)s", "a&to=1", "\r\nX: y"]
)
async def test_what_a_customer_wrote_is_a_value_and_nothing_else(text: str) -> None:
    """R-NT-03: not even a name in braces in it is replaced, so nobody gets at a secret."""
    _, asked = await ask(Reply(value={"code": 0}), text=text)
    assert asked.json()["content"] == text
    assert SECRET not in asked.body.decode()
    form = {"url": "{server}/?c={text}", "form": {"c": "{text}", "to": "{to}"}, "secrets": {"token": "t"}}
    _, asked = await ask(Reply(), form, text=text)
    assert asked.form == {"c": text, "to": "13800138001"}
    assert asked.query == {"c": text}


@given(st.text(), st.text())
def test_values_are_put_in_once(first: str, second: str) -> None:
    """R-NT-03: whatever the values hold."""
    values = {"a": first, "b": second}
    assert filled("<{a}|{b}|{c c}>", values) == f"<{first}|{second}|{{c c}}>"
    assert json.loads(filled_json({"{a}": ["{a}", {"x": "{b}"}], "n": None}, values)) == {
        "{a}": [first, {"x": second}],
        "n": None,
    }


@pytest.mark.parametrize(
    ("pointer", "wanted"),
    [
        ("/a/0/b", 1),
        ("/a/1", None),
        ("/a/x", None),
        ("/a~1b", 2),
        ("/m~0n", 3),
        ("", "all"),
        ("/zz/y", None),
        ("/a/-1", None),
    ],
)
def test_pointers_are_those_of_rfc_6901(pointer: str, wanted: Any) -> None:
    value = {"a": [{"b": 1}], "a/b": 2, "m~n": 3}
    assert found(value, pointer) == (value if wanted == "all" else wanted)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"url": "https://{to}/"}, "url"),
        ({"url": "ftp://x/"}, "url"),
        ({"body": {"a": "{nonsense}"}}, "nonsense"),
        ({"headers": {"X": "{text}"}}, "a header cannot hold text"),
        ({"form": {"a": "b"}}, "either body or form"),
        ({"secrets": {"to": "x"}}, "a secret needs another one"),
        ({"answer": {"pointer": "code"}}, "pointer"),
        ({"trusted_hosts": ["10.0.0.0/33"]}, "neither a host nor a network"),
    ],
)
def test_what_cannot_work_is_said_at_start(change: dict[str, Any], told: str) -> None:
    config = {**JSON, "url": "https://sms.example.com/", **change}
    with pytest.raises(ConfigError, match=told):
        sms_transport("http_sms", config)


async def test_a_text_that_no_address_can_hold_is_refused_and_holds_up_nobody() -> None:
    """R-NT-06: the provider is not away, and the next address may carry it."""
    config = {"url": "{server}/send?content={text}", "answer": {}}
    async with provider(replies(), config) as (transport, there):
        outcomes = await sent(transport, outbound(1, text="长" * 1_000), *(outbound(number) for number in range(2, 20)))
    assert outcomes[0] == Rejected("it cannot be sent: its address is too long")
    assert {type(one) for one in outcomes[1:]} == {Sent}
    assert len(there.asked) == 18


async def test_a_slow_provider_is_not_away_however_much_is_on_its_way() -> None:
    """R-NT-05: as many batches as leave at once do not wait for one another's connections."""
    config = {"url": "{server}/", "method": "GET", "answer": {}}
    async with provider(lambda _asked: Reply(value=b"", trouble="drip"), config, wait=6.0) as (transport, _there):
        batches = [sent(transport, *(outbound(number) for number in range(8))) for _ in range(4)]
        outcomes = [one for batch in await asyncio.gather(*batches) for one in batch]
    assert {type(one) for one in outcomes} == {Sent}
