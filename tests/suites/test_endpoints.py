"""The endpoints of the gateway that ship with intake keep what every endpoint promises; those of the chats are elsewhere."""

import dataclasses
import time
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from services.intake.adapters.phone_records import endpoint as phone_records
from services.intake.adapters.sms import endpoint as sms
from services.intake.adapters.web_form import endpoint as web_form
from services.intake.adapters.webhook import endpoint as webhook
from shared.testing.contracts import Call, EndpointContract
from tests.gateway import ENDPOINTS, KEY, POSTS, TOKEN, Post

LONG: Final = 3_600
"""Seconds for which what is signed is taken."""
SECRETS: Final[Mapping[str, str]] = {"erp_key": KEY, "vendor_token": TOKEN}


def call(kind: str, *, signed_at: float | None = None, **changes: Any) -> Call:
    """Return a request of the senders of the gateway's tests, below the endpoint's own path."""
    post: Post = dataclasses.replace(POSTS[kind](1), **changes)
    path = post.path.removeprefix("/").partition("/")[2]
    return Call("POST", f"/{path}" if path else "", post.body, post.all_headers(signed_at))


def unsigned(kind: str) -> Call:
    """Return the same without a signature."""
    return call(kind, signed=False)


def old(kind: str) -> Call:
    """Return the same as somebody recorded it two hours ago."""
    return call(kind, signed_at=time.time() - 2 * LONG)


class TestWebForm(EndpointContract):
    plugin = web_form.plugin
    config: ClassVar[Mapping[str, Any]] = ENDPOINTS["web_form"]
    samples = ((call("web_form"), 1),)
    refused = (call("web_form", body=b"{}"), call("web_form", body=b"{"))


class TestWebhook(EndpointContract):
    plugin = webhook.plugin
    config: ClassVar[Mapping[str, Any]] = ENDPOINTS["webhook"] | {"window_seconds": LONG}
    secrets = SECRETS

    def calls(self) -> tuple[tuple[Call, int], ...]:
        return ((call("webhook"), 2),)

    def refusals(self) -> tuple[Call, ...]:
        return (
            unsigned("webhook"),
            old("webhook"),
            call("webhook", body=b"{}"),
            call("webhook", path="/webhook/nobody"),
        )


class TestSms(EndpointContract):
    plugin = sms.plugin
    config: ClassVar[Mapping[str, Any]] = ENDPOINTS["sms"]
    secrets = SECRETS

    def calls(self) -> tuple[tuple[Call, int], ...]:
        return ((call("sms"), 1), (call("aliyun"), 1), (call("tencent"), 1))

    def refusals(self) -> tuple[Call, ...]:
        return (unsigned("sms"), old("sms"), call("sms", body=b"[]"), call("aliyun", path="/sms/aliyun/another"))


class TestPhoneRecords(EndpointContract):
    plugin = phone_records.plugin
    config: ClassVar[Mapping[str, Any]] = ENDPOINTS["phone_records"] | {"window_seconds": LONG}
    secrets = SECRETS

    def calls(self) -> tuple[tuple[Call, int], ...]:
        return ((call("phone_records"), 1),)

    def refusals(self) -> tuple[Call, ...]:
        return (unsigned("phone_records"), old("phone_records"), call("phone_records", body=b"[]"))
