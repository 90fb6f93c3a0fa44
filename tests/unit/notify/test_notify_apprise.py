"""The apprise transport against a local server that takes, refuses and falls silent (R-NT-03, R-NT-04)."""

from __future__ import annotations

import dataclasses
import logging
import sys
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from services.notify.plugins.apprise import AppriseConfig, AppriseTransport
from services.notify.ports import Outcome, Rejected, Sent, TransportError, Unknown
from shared.settings import Settings
from tests.plugins import transport_setup
from tests.unit.notify.events import NOW
from tests.unit.notify.sms_vendors import outbound
from tests.vendor_server import Asked, Reply, replies, vendor_server

pytestmark = [
    pytest.mark.slow,  # the library takes a second
    pytest.mark.filterwarnings("ignore:.imghdr.:DeprecationWarning"),  # in what it imports
]
TOKEN = "s3cret-token"


def transport(*urls: str, wait: float = 20.0) -> AppriseTransport:
    secrets = {f"url_{number}": SecretStr(url) for number, url in enumerate(urls)}
    setup = transport_setup("email", Settings(), lambda: NOW, wait, AppriseConfig(urls=tuple(secrets)))
    return AppriseTransport(dataclasses.replace(setup, secrets=lambda name: secrets[name]))


def alert(number: int = 1, **changes: Any) -> Any:
    return dataclasses.replace(outbound(number, **changes), audience="staff")


async def told(
    answer: Callable[[Asked], Reply], *messages: Any, wait: float = 20.0
) -> tuple[list[Outcome], list[Asked]]:
    async with vendor_server(answer) as there:
        sender = transport(f"json://127.0.0.1:{there.port}/{TOKEN}/", wait=wait)
        outcomes = list(await sender.send(messages))
        await sender.close()
    return outcomes, there.asked


async def test_staff_are_told_and_customers_never() -> None:
    outcomes, asked = await told(replies(), alert(1), outbound(2), alert(3))
    assert outcomes == [Sent(), Rejected("apprise tells staff only"), Sent()]
    assert len(asked) == 2
    body = asked[0].json()
    assert body["title"] == "主题"
    assert body["message"].splitlines() == ["王女士，您好！", "您反映的问题已受理。"]


@pytest.mark.parametrize(
    "reply", [Reply(500), Reply(403), Reply(302, {}, {"Location": "/elsewhere"}), Reply(trouble="cut")]
)
async def test_a_failure_is_unknown_since_the_library_tells_no_more(reply: Reply) -> None:
    """R-NT-04: staff are told again."""
    outcomes, asked = await told(lambda _asked: reply, alert())
    assert outcomes == [Unknown("one of the services did not take it")]
    assert {one.path for one in asked} == {f"/{TOKEN}/"}  # a redirection is not followed


async def test_a_silent_service_is_unknown_in_time() -> None:
    """R-NT-04."""
    outcomes, _ = await told(replies(Reply(trouble="hang")), alert(), wait=0.5)
    assert isinstance(outcomes[0], Unknown)


async def test_all_addresses_are_told() -> None:
    async with vendor_server(replies()) as one, vendor_server(replies()) as other:
        sender = transport(*(f"json://127.0.0.1:{there.port}/" for there in (one, other)))
        assert await sender.send([alert()]) == [Sent()]
    assert len(one.asked) == len(other.asked) == 1


@pytest.mark.parametrize("text", ["{{ 7 * 7 }}", "{{ app_url }}", "${x}", "<b>&amp;</b>", r"a\nb", ":smile:", "**x**"])
async def test_what_a_customer_wrote_is_words_and_nothing_else(text: str) -> None:
    """R-NT-03: no template, no escapes, no markup."""
    _, asked = await told(replies(), alert(text=text, subject=text))
    assert (asked[0].json()["message"], asked[0].json()["title"]) == (text, text)


async def test_addresses_stay_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    outcomes, _ = await told(lambda _asked: Reply(500, TOKEN.encode()), alert())
    said = "\n".join(record.getMessage() for record in caplog.records if record.levelno >= logging.INFO)
    assert TOKEN not in f"{said}{outcomes}"


def test_what_cannot_work_is_said_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TransportError, match='the secret "url_0" holds no address') as refused:
        transport(f"nonsense://{TOKEN}")
    assert TOKEN not in str(refused.value)
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(TransportError, match=r"pip install 'yingda\[apprise\]'"):
        transport("json://127.0.0.1/")
