"""Direct messages on Weibo: GET and POST /weibo/<account> (docs/channels/weibo.md).

open.weibo.com/wiki, "消息推送服务": signed in the query by the application's secret, timestamp and nonce; the body, JSON, is
not covered by the signature. Messages have no id: who sent what when is one.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.intake.adapters.wechat.pushes import (
    LARGEST_BODY,
    AccountName,
    Once,
    check_signature,
    done,
    echo,
    in_time,
    operations_of,
    parameters,
)
from services.intake.adapters.wechat.sealed import secret_of
from services.intake.plugins.weibo import moment, uid
from shared.adapters import HttpProblem, Operation, Work
from shared.adapters.requests import digest_of, json_of
from shared.adapters.setup import AdapterSetup
from shared.adapters.signatures import WINDOW_SECONDS, Window
from shared.plugins import Config, Plugin, SecretName

NO_CONTACT = frozenset({"event", "mention"})
"""Kinds of push that are no direct message: somebody follows, subscribes, scans, or names the account in public."""
QUERY = [
    {"name": name, "in": "query", "required": True, "schema": {"type": "string"}}
    for name in ("signature", "timestamp", "nonce")
]


class Account(Config):
    """One account of the house."""

    app_secret: SecretName
    """Name of the secret that holds the App Secret of the application."""
    uid: Annotated[str, Field(pattern=r"^[0-9]{1,20}$")] | None = None
    """The account's own number; what is pushed for another is refused."""


class WeiboConfig(Config):
    """The accounts whose messages are taken."""

    channel: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")] = "weibo"
    """The channel on which the messages are published."""
    accounts: Annotated[Mapping[AccountName, Account], Field(min_length=1)]
    """By the name at the end of their address; contacts have the source `weibo/<name>`."""
    window_seconds: Annotated[float, Field(ge=10, le=3600)] = WINDOW_SECONDS
    """How far the time that is signed may be from ours."""


class Weibo:
    """Takes messages; counts what is none, and answers both alike."""

    largest_body = LARGEST_BODY
    sent_by_vendor = True

    def __init__(self, setup: AdapterSetup) -> None:
        config: WeiboConfig = setup.config
        self.channels = (config.channel,)
        self._accounts = config.accounts
        self._secrets = {name: secret_of(setup, account.app_secret) for name, account in config.accounts.items()}
        self._window = Window(config.window_seconds)
        self._once = Once()

    @property
    def operations(self) -> Sequence[Operation]:
        """Two for each account."""
        body = {"application/json": {"type": "object", "required": ["type", "sender_id", "receiver_id", "created_at"]}}
        return operations_of(self._accounts, asked=QUERY, pushed=QUERY, body=body, answer="nothing")

    def routes(self, work: Work) -> Sequence[BaseRoute]:
        """Return the route of all accounts."""

        async def ask(request: Request) -> Response:
            self._check(request)
            return echo(parameters(request, "echostr")[0])

        async def push(request: Request) -> Response:
            name, signature = self._check(request)
            body = await request.body()
            self._once.check(signature, body)
            given = json_of(body)
            if not isinstance(given, dict):
                raise HttpProblem(400, "not-json", "The body must be a JSON object")
            if self._accounts[name].uid not in {None, uid(given.get("receiver_id"))}:
                raise HttpProblem(422, "wrong-account", "The push is meant for another account")
            if str(given.get("type")) in NO_CONTACT:
                work.report.refused("no-contact")
                return done("")
            publishing = work.publisher.publish(
                self.channels[0], source=f"weibo/{name}", id=id_of(given), data={"push": given}, time=sent_at(given)
            )
            await in_time(publishing)
            return done("")

        return [Route("/{account}", ask, methods=["GET"]), Route("/{account}", push, methods=["POST"])]

    def _check(self, request: Request) -> tuple[str, str]:
        """Return the account's name and the signature, if it fits; else `HttpProblem` 401, 404."""
        name = request.path_params["account"]
        if name not in self._accounts:
            raise HttpProblem(404, "not-found", "There is no such account")
        given, timestamp, nonce = parameters(request, "signature", "timestamp", "nonce")
        check_signature(given, self._secrets[name](), timestamp, nonce)
        self._window.check(timestamp)
        return name, given


def id_of(push: Mapping[str, Any]) -> str:
    """Return what names a message: its sender, its second and its content, so that two of one second stay two."""
    sender = uid(push.get("sender_id")) or "unknown"
    return f"{sender}-{digest_of(*(push.get(name) for name in ('created_at', 'type', 'text', 'data')))}"


def sent_at(push: Mapping[str, Any]) -> datetime | None:
    """Return when the message was written; None where the push does not tell."""
    at = moment(push.get("created_at"))
    return datetime.fromisoformat(at) if at else None


plugin = Plugin(
    kind="endpoint",
    name="weibo",
    api=1,
    summary="Direct messages on Weibo",
    build=Weibo,
    config=WeiboConfig,
)
