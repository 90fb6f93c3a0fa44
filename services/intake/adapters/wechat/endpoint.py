"""Pushes of WeChat official accounts: GET and POST /wechat/<account> (docs/channels/wechat.md).

Three modes (developers.weixin.qq.com/doc/offiaccount/Message_Management/Message_encryption_and_decryption_instructions.html):
`safe` and `compatible` take what is encrypted and nothing else, so that nobody talks them out of it; `plain` takes what
is not. The signature of a plain push does not cover its body.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.intake.adapters.wechat.pushes import (
    LARGEST_BODY,
    AccountName,
    Once,
    VendorId,
    check_signature,
    done,
    echo,
    fields_of,
    in_time,
    operations_of,
    parameters,
    text_of,
)
from services.intake.adapters.wechat.sealed import AesKeys, opener, secret_of
from shared.adapters import HttpProblem, Operation, Work
from shared.adapters.requests import digest_of
from shared.adapters.setup import AdapterSetup
from shared.adapters.signatures import WINDOW_SECONDS, Window
from shared.plugins import Config, Plugin, SecretName

XML = {"type": "string", "description": "The vendor's XML; in the encrypted modes with the element Encrypt"}
QUERY = [
    {"name": name, "in": "query", "required": name != "msg_signature", "schema": {"type": "string"}}
    for name in ("signature", "timestamp", "nonce", "msg_signature")
]


class Account(Config):
    """One official account."""

    app_id: VendorId
    """The account's AppID, for which the vendor encrypts."""
    token: SecretName
    """Name of the secret that holds the Token of the server configuration."""
    aes_keys: AesKeys = ()
    """Names of the secrets that hold its EncodingAESKey, and while it changes the former one."""
    mode: Literal["safe", "compatible", "plain"] = "safe"
    """How the account's messages are pushed, as it is set at the vendor."""

    @model_validator(mode="after")
    def _keyed(self) -> "Account":
        if self.mode != "plain" and not self.aes_keys:
            raise ValueError("aes_keys must name the secret with the EncodingAESKey, or mode be plain")
        return self


class WechatConfig(Config):
    """The accounts whose pushes are taken."""

    channel: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")] = "wechat"
    """The channel on which the messages are published."""
    accounts: Annotated[Mapping[AccountName, Account], Field(min_length=1)]
    """By the name at the end of their address; contacts have the source `wechat/<name>`."""
    window_seconds: Annotated[float, Field(ge=10, le=3600)] = WINDOW_SECONDS
    """How far the time that is signed may be from ours."""


class Wechat:
    """Takes messages; counts what is none, and answers both alike."""

    largest_body = LARGEST_BODY
    sent_by_vendor = True

    def __init__(self, setup: AdapterSetup) -> None:
        config: WechatConfig = setup.config
        self.channels = (config.channel,)
        window = Window(config.window_seconds)
        self._doors = {name: _Door(setup, account, window) for name, account in config.accounts.items()}

    @property
    def operations(self) -> Sequence[Operation]:
        """Two for each account."""
        return operations_of(self._doors, asked=QUERY[:3], pushed=QUERY, body={"text/xml": XML}, answer="success")

    def routes(self, work: Work) -> Sequence[BaseRoute]:
        """Return the route of all accounts."""

        async def ask(request: Request) -> Response:
            return echo(self._door(request).asked(request))

        async def push(request: Request) -> Response:
            text = self._door(request).pushed(request, await request.body())
            fields = fields_of(text)
            if is_event(fields):
                work.report.refused("no-contact")
                return done()
            source = f"wechat/{request.path_params['account']}"
            await in_time(
                work.publisher.publish(
                    self.channels[0], source=source, id=id_of(fields), data={"xml": text}, time=sent_at(fields)
                )
            )
            return done()

        return [Route("/{account}", ask, methods=["GET"]), Route("/{account}", push, methods=["POST"])]

    def _door(self, request: Request) -> "_Door":
        door = self._doors.get(request.path_params["account"])
        if door is None:
            raise HttpProblem(404, "not-found", "There is no such account")
        return door


class _Door:
    """Lets in what an account's vendor has signed."""

    def __init__(self, setup: AdapterSetup, account: Account, window: Window) -> None:
        self._token = secret_of(setup, account.token)
        self._open = opener(setup, account.aes_keys, account.app_id)
        self._sealed = account.mode != "plain"
        self._window = window
        self._once = Once()

    def asked(self, request: Request) -> str:
        """Return what the vendor wants to hear."""
        given, timestamp, nonce, said = parameters(request, "signature", "timestamp", "nonce", "echostr")
        check_signature(given, self._token(), timestamp, nonce)
        self._window.check(timestamp)
        return said

    def pushed(self, request: Request, body: bytes) -> str:
        """Return the push, decrypted where the account's mode wants it so."""
        text = text_of(body)
        name = "msg_signature" if self._sealed else "signature"
        given, timestamp, nonce = parameters(request, name, "timestamp", "nonce")
        if not self._sealed:
            check_signature(given, self._token(), timestamp, nonce)
            self._window.check(timestamp)
            self._once.check(given, body)
            return text
        sealed = fields_of(text).get("Encrypt", "").strip()
        check_signature(given, self._token(), timestamp, nonce, sealed)
        self._window.check(timestamp)
        return self._open(sealed)


def is_event(fields: Mapping[str, str]) -> bool:
    """Return whether the push tells of something that is no message: a subscription, a menu, a place, a delivery."""
    return fields.get("MsgType", "").strip().lower() == "event"


def id_of(fields: Mapping[str, str]) -> str:
    """Return the vendor's own id of a message, the same for each repetition; of one without, its sender, time and content."""
    given = fields.get("MsgId", "").strip()
    if given and given.isalnum() and given.isascii():
        return given[:100]
    return f"{digest_of(sorted(fields.items()))}-{fields.get('CreateTime', '').strip()[:20]}"


def sent_at(fields: Mapping[str, Any]) -> datetime | None:
    """Return when the message was written; None where the push does not tell."""
    seconds = str(fields.get("CreateTime", "")).strip()
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 10):  # noqa: PLR2004 (seconds until the year 2286)
        return None
    return datetime.fromtimestamp(int(seconds), UTC)


plugin = Plugin(
    kind="endpoint",
    name="wechat",
    api=1,
    summary="Messages to WeChat official accounts",
    build=Wechat,
    config=WechatConfig,
)
