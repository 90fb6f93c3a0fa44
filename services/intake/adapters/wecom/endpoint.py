"""Pushes of WeCom: GET and POST /wecom/<account> (docs/channels/wecom.md).

Always encrypted (developer.work.weixin.qq.com/document/path/90930). A message to an application is the push itself; one
to customer service is announced by the event `kf_msg_or_event` and fetched.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.intake.adapters.wechat.endpoint import XML, id_of, is_event, sent_at
from services.intake.adapters.wechat.pushes import (
    LARGEST_BODY,
    AccountName,
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
from services.intake.adapters.wecom.cursors import KFID, Cursors
from services.intake.adapters.wecom.service import CustomerService
from services.intake.adapters.wecom.vendor import Vendor, VendorAway
from shared.adapters import BusAway, HttpProblem, Operation, Work
from shared.adapters.setup import AdapterSetup
from shared.adapters.signatures import WINDOW_SECONDS, Window
from shared.plugins import Config, Plugin, SecretName

QUERY = [
    {"name": name, "in": "query", "required": True, "schema": {"type": "string"}}
    for name in ("msg_signature", "timestamp", "nonce")
]
ANNOUNCEMENT = "kf_msg_or_event"


class Fetching(Config):
    """How messages to customer service are fetched."""

    secret: SecretName
    """Name of the secret that holds the Secret of the application that may read them."""
    every_seconds: Annotated[float, Field(ge=30, le=86_400)] = 600.0
    """So often it is looked for what was announced while nobody listened."""
    api: str = Field(default="https://qyapi.weixin.qq.com", pattern=r"^https?://[^/?#]+$")
    """Where the vendor's interface is; another address for a proxy."""
    trusted_hosts: tuple[str, ...] = ()
    """Hosts or networks that are inner ones and may be called nevertheless, as a proxy."""


class Account(Config):
    """One application of an enterprise."""

    corp_id: VendorId
    """The enterprise's id, for which the vendor encrypts."""
    token: SecretName
    """Name of the secret that holds the Token of the application's callback."""
    aes_keys: Annotated[AesKeys, Field(min_length=1)]
    """Names of the secrets that hold its EncodingAESKey, and while it changes the former one."""
    customer_service: Fetching | None = None
    """For messages to customer service; without it their announcements are counted and nothing else."""


class WecomConfig(Config):
    """The applications whose pushes are taken."""

    channel: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")] = "wecom"
    """The channel on which the messages are published."""
    accounts: Annotated[Mapping[AccountName, Account], Field(min_length=1)]
    """By the name at the end of their address; contacts have the source `wecom/<name>`."""
    window_seconds: Annotated[float, Field(ge=10, le=3600)] = WINDOW_SECONDS
    """How far the time that is signed may be from ours."""


class Wecom:
    """Takes messages, fetches announced ones, counts what is none; answers all alike."""

    largest_body = LARGEST_BODY
    sent_by_vendor = True

    def __init__(self, setup: AdapterSetup) -> None:
        config: WecomConfig = setup.config
        self.channels = (config.channel,)
        self._window = Window(config.window_seconds)
        self._tokens = {name: secret_of(setup, one.token) for name, one in config.accounts.items()}
        self._openers = {name: opener(setup, one.aes_keys, one.corp_id) for name, one in config.accounts.items()}
        self._services = {
            name: (_service(setup, config.channel, name, one, one.customer_service), one.customer_service.every_seconds)
            for name, one in config.accounts.items()
            if one.customer_service is not None
        }

    @property
    def operations(self) -> Sequence[Operation]:
        """Two for each account."""
        return operations_of(self._tokens, asked=QUERY, pushed=QUERY, body={"text/xml": XML}, answer="nothing")

    def routes(self, work: Work) -> Sequence[BaseRoute]:
        """Return the route of all accounts."""

        async def ask(request: Request) -> Response:
            return echo(self._opened(request, parameters(request, "echostr")[0])[1])

        async def push(request: Request) -> Response:
            sealed = fields_of(text_of(await request.body())).get("Encrypt", "").strip()
            name, text = self._opened(request, sealed)
            fields = fields_of(text)
            if not is_event(fields):
                publishing = work.publisher.publish(
                    self.channels[0], source=f"wecom/{name}", id=id_of(fields), data={"xml": text}, time=sent_at(fields)
                )
                await in_time(publishing)
            elif fields.get("Event") == ANNOUNCEMENT and name in self._services:
                await self._announced(work, name, fields)
            else:
                work.report.refused("no-contact")
            return done("")

        return [Route("/{account}", ask, methods=["GET"]), Route("/{account}", push, methods=["POST"])]

    async def run(self, work: Work) -> None:
        """Fetch what was announced while nobody listened, at the start and now and then."""
        try:
            async with asyncio.TaskGroup() as group:
                for service, seconds in self._services.values():
                    group.create_task(_catch_up(service, seconds, work))
                group.create_task(_until_the_end(work))
        finally:
            await asyncio.gather(*(service.close() for service, _ in self._services.values()))

    async def _announced(self, work: Work, name: str, fields: Mapping[str, str]) -> None:
        open_kfid = fields.get("OpenKfId", "").strip()
        if not KFID.fullmatch(open_kfid):
            raise HttpProblem(400, "bad-account", "The announcement names no customer-service account")
        service, _ = self._services[name]
        try:
            await in_time(service.announced(work, open_kfid, fields.get("Token", "").strip()))
        except VendorAway:
            work.report.refused("vendor-away")
            raise BusAway("the vendor does not give the messages now, announce them again") from None

    def _opened(self, request: Request, sealed: str) -> tuple[str, str]:
        """Return the account's name and what is in the sealed text; `HttpProblem` 401, 404."""
        name = request.path_params["account"]
        if name not in self._tokens:
            raise HttpProblem(404, "not-found", "There is no such account")
        given, timestamp, nonce = parameters(request, "msg_signature", "timestamp", "nonce")
        check_signature(given, self._tokens[name](), timestamp, nonce, sealed)
        self._window.check(timestamp)
        return name, self._openers[name](sealed)


def _service(setup: AdapterSetup, channel: str, name: str, account: Account, how: Fetching) -> CustomerService:
    vendor = Vendor(how.api, account.corp_id, secret_of(setup, how.secret), how.trusted_hosts)
    return CustomerService(vendor, Cursors(setup.data / name), channel, f"wecom/{name}")


async def _catch_up(service: CustomerService, seconds: float, work: Work) -> None:
    while not work.stopping.is_set():
        await service.catch_up(work)
        try:
            async with asyncio.timeout(seconds):
                await work.stopping.wait()
        except TimeoutError:
            continue


async def _until_the_end(work: Work) -> None:
    await work.stopping.wait()


plugin = Plugin(
    kind="endpoint",
    name="wecom",
    api=1,
    summary="Messages to WeCom applications and customer service",
    build=Wecom,
    config=WecomConfig,
)
