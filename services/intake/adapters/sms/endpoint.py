"""Inbound short messages (mobile originated): a signed form of our own, and the pushes of Aliyun and Tencent Cloud.

Aliyun, "SmsUp" (help.aliyun.com/zh/sms/developer-reference/smsup-http): an array of messages, answered with
`{"code": 0, "msg": "…"}`; what is not answered with 200 is pushed again. Tencent Cloud, "SMS Reply"
(tencentcloud.com/document/api/382/43548): one message, answered with `{"result": 0, "errmsg": "OK"}`. Neither signs its
pushes, so their addresses end in a secret: POST /sms/aliyun/<token>.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from shared.adapters import HttpProblem, Operation, Work
from shared.adapters.keys import keys_of
from shared.adapters.requests import digest_of, invalid, json_of, kept, said, validated
from shared.adapters.setup import AdapterSetup
from shared.adapters.signatures import PARAMETERS, Signed, same_as_any
from shared.events import Fault
from shared.plugins import Config, Plugin, PluginError, SecretName

CHANNEL: Final = "sms"
MOST: Final = 500
_TOKEN: Final = {"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}


class SmsConfig(Config):
    """Who pushes messages; each is served where its secret is named."""

    keys: tuple[SecretName, ...] = Field(
        default=(), max_length=3, description="names of the secrets that sign our own form"
    )
    aliyun_token: SecretName | None = None
    """The name of the secret that ends the address which Aliyun pushes to."""
    tencent_token: SecretName | None = None
    """The name of the secret that ends the address which Tencent Cloud pushes to."""


class Own(BaseModel):
    """A message in our own form, for a gateway of the house."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
    phone: str = Field(min_length=3, max_length=20, pattern=r"^\+?[0-9]+$")
    text: str = Field(min_length=1, max_length=10_000)
    received_at: str = Field(max_length=40, description="RFC 3339")
    to: str | None = Field(default=None, max_length=20)


class Aliyun(BaseModel):
    """A message as Aliyun pushes it; its numbers come as texts or as numbers, depending on the account's age."""

    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True)

    phone_number: str = Field(min_length=1, max_length=40)
    content: str
    send_time: str
    dest_code: str | None = None
    sign_name: str | None = None
    sequence_id: str | None = None

    def name(self) -> str:
        """Return what identifies it: its sequence alone is not said to be unique, nor is it always there."""
        return digest_of(self.sequence_id, self.phone_number, self.send_time, self.dest_code, self.content)


class Tencent(BaseModel):
    """A message as Tencent Cloud pushes it."""

    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True)

    mobile: str = Field(min_length=1, max_length=40)
    nationcode: str = "86"
    text: str
    time: int = Field(ge=0)
    sign: str | None = None
    extend: str | None = None

    def name(self) -> str:
        """Return what identifies it, since it has no id."""
        return digest_of(self.nationcode, self.mobile, self.time, self.extend, self.text)


class Sms:
    """Publishes what providers push as it is; the plugin of the channel reads it."""

    channels = (CHANNEL,)
    sent_by_vendor = True

    def __init__(self, setup: AdapterSetup) -> None:
        config: SmsConfig = setup.config
        if not (config.keys or config.aliyun_token or config.tencent_token):
            raise PluginError("name the secret of at least one sender: keys, aliyun_token or tencent_token")
        self._signed = Signed(keys_of(setup, config.keys)) if config.keys else None
        named = {"aliyun": config.aliyun_token, "tencent": config.tencent_token}
        self._tokens = {name: keys_of(setup, [token]) for name, token in named.items() if token is not None}

    @property
    def operations(self) -> Sequence[Operation]:
        """One for each sender that is configured."""
        own = {"application/json": Own.model_json_schema()}
        several = {"application/json": {"type": "array", "items": Aliyun.model_json_schema(), "maxItems": MOST}}
        one = {"application/json": Tencent.model_json_schema()}
        pushed = {
            "aliyun": Operation(
                "post", "/aliyun/{token}", "Aliyun: SmsUp", several, [_TOKEN], {"200": "Kept: `code` is 0."}
            ),
            "tencent": Operation(
                "post", "/tencent/{token}", "Tencent Cloud: SMS reply", one, [_TOKEN], {"200": "Kept: `result` is 0."}
            ),
        }
        signed = [Operation("post", "", "A message in our own form", own, PARAMETERS)] if self._signed else []
        return [*signed, *(pushed[name] for name in self._tokens)]

    def routes(self, work: Work) -> Sequence[BaseRoute]:
        """Return a route for each sender that is configured."""

        async def publish(vendor: str, name: str, message: Mapping[str, Any]) -> str:
            data = {"vendor": vendor, "message": dict(message)}
            return (await work.publisher.publish(CHANNEL, source=f"sms/{vendor}", id=name, data=data)).key

        async def own(request: Request) -> Response:
            body = await request.body()
            if self._signed is not None:
                self._signed.check(request.headers, body)
            message = validated(Own, json_of(body))
            return kept(await publish("http", message.id, message.model_dump(exclude_none=True)))

        async def aliyun(request: Request) -> Response:
            self._check_token("aliyun", request)
            pushed = json_of(await request.body())
            if not isinstance(pushed, list) or not 0 < len(pushed) <= MOST:
                raise invalid([Fault("(whole)", f"must be an array of 1 to {MOST} messages")])
            messages = [one for one in pushed if isinstance(one, dict)]
            await asyncio.gather(*(publish("aliyun", *_named(Aliyun, one)) for one in messages))
            if len(messages) < len(pushed):
                raise invalid([Fault("(whole)", "must hold objects only; those that it holds are kept")])
            return said({"code": 0, "msg": "接收成功"})

        async def tencent(request: Request) -> Response:
            self._check_token("tencent", request)
            message = json_of(await request.body())
            if not isinstance(message, dict):
                raise invalid([Fault("(whole)", "must be an object")])
            await publish("tencent", *_named(Tencent, message))
            return said({"result": 0, "errmsg": "OK"})

        routes: list[BaseRoute] = [Route("/", own, methods=["POST"])] if self._signed else []
        pushes = {"aliyun": aliyun, "tencent": tencent}
        return [*routes, *(Route(f"/{name}/{{token}}", pushes[name], methods=["POST"]) for name in self._tokens)]

    def _check_token(self, vendor: str, request: Request) -> None:
        tokens = [key.decode() for key in self._tokens[vendor]()]
        if not same_as_any(request.path_params["token"], tokens):
            raise HttpProblem(404, "bad-token", "There is nothing here")


def _named(form: type[Aliyun | Tencent], pushed: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return what identifies a message, and the message.

    One that is not of the vendor's `form` is identified by all of it: the plugin of the channel will tell what is wrong.
    """
    try:
        message = form.model_validate(pushed)
    except ValidationError:
        return digest_of(pushed), pushed
    return message.name(), message.model_dump(exclude_none=True)


plugin = Plugin(
    kind="endpoint",
    name="sms",
    api=1,
    summary="Inbound short messages: Aliyun, Tencent Cloud, or signed in our own form",
    build=Sms,
    config=SmsConfig,
)
