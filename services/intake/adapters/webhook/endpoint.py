"""Signed contacts from other systems: POST /webhook/<sender>, one contact or up to a hundred (docs/channels/webhook.md).

    X-Yingda-Timestamp: 1764000000
    X-Yingda-Signature: sha256=<HMAC of "timestamp.body" with the sender's key>
    {"id": "ticket-4711", "time": "2026-11-23T10:15:00+08:00", "data": {…the form of the sender's channel…}}

The signature is that of the `webhook` transport, so that two suites can speak to each other.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from shared.adapters import HttpProblem, Operation, Work
from shared.adapters.keys import keys_of
from shared.adapters.requests import NAME_LIMIT, json_of, kept, validated
from shared.adapters.setup import AdapterSetup
from shared.adapters.signatures import PARAMETERS, WINDOW_SECONDS, Signed, Window
from shared.plugins import Config, Plugin, SecretName

MOST = 100
ChannelName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]


class Sender(Config):
    """One system that sends contacts."""

    channel: ChannelName
    keys: Annotated[tuple[SecretName, ...], Field(min_length=1, max_length=3)]
    """Names of secrets; a second one while the sender changes its key."""


class WebhookConfig(Config):
    """Who may send what."""

    senders: Annotated[Mapping[ChannelName, Sender], Field(min_length=1)]
    """By the name at the end of their address; contacts have the source `webhook/<name>`."""
    window_seconds: Annotated[float, Field(ge=10, le=3600)] = WINDOW_SECONDS
    """How far the time that is signed may be from ours."""

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels of all senders."""
        return tuple(sorted({sender.channel for sender in self.senders.values()}))


class Given(BaseModel):
    """One contact as a sender posts it."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1, max_length=NAME_LIMIT, pattern=r"^[^\x00-\x1f\x7f]+$")
    time: AwareDatetime | None = None
    data: dict[str, Any]


class Many(BaseModel):
    """What a sender may post: several at once are kept together."""

    contacts: list[Given] = Field(min_length=1, max_length=MOST)


class Webhook:
    """Takes what a sender has signed; the plugin of the channel reads it."""

    def __init__(self, setup: AdapterSetup) -> None:
        config: WebhookConfig = setup.config
        self.channels = config.channels
        self._senders = config.senders
        window = Window(config.window_seconds)
        self._signed = {name: Signed(keys_of(setup, one.keys), window) for name, one in config.senders.items()}

    @property
    def operations(self) -> Sequence[Operation]:
        """One for each sender."""
        one = Given.model_json_schema()
        body = {"application/json": {"oneOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": MOST}]}}
        return [
            Operation(
                "post",
                f"/{name}",
                f"Contacts of {name} on the channel {sender.channel}",
                body=body,
                parameters=PARAMETERS,
                description="Signed by HMAC-SHA-256 of `timestamp.body`; the same `id` again changes nothing.",
            )
            for name, sender in self._senders.items()
        ]

    def routes(self, work: Work) -> Sequence[BaseRoute]:
        """Return the one route of all senders."""

        async def post(request: Request) -> Response:
            name = request.path_params["sender"]
            sender, body = self._senders.get(name), await request.body()
            if sender is None:
                raise HttpProblem(404, "not-found", "There is no such sender")
            self._signed[name].check(request.headers, body)
            value = json_of(body)
            given = validated(Many, {"contacts": value if isinstance(value, list) else [value]}).contacts
            source = f"webhook/{name}"
            done = await asyncio.gather(
                *(
                    work.publisher.publish(sender.channel, source=source, id=one.id, data=one.data, time=one.time)
                    for one in given
                )
            )
            return kept(*(one.key for one in done))

        return [Route("/{sender}", post, methods=["POST"])]


plugin = Plugin(
    kind="endpoint",
    name="webhook",
    api=1,
    summary="Signed contacts from other systems, on any channel",
    build=Webhook,
    config=WebhookConfig,
)
