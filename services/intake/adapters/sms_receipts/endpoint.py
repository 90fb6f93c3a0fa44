"""Reports of delivery for messages that transports have sent: Aliyun's, Tencent Cloud's, and signed ones in our own form.

The vendors sign nothing, so their addresses end in a secret: POST /sms_receipts/aliyun/<token>. What is answered with
200 is recorded; anything else is sent again by the vendor, and a repeated report changes nothing.
"""

from collections.abc import Sequence
from typing import ClassVar, Final

from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from services.intake.adapters.sms_receipts.records import Records
from services.intake.adapters.sms_receipts.reports import Aliyun, Own, Tencent
from shared.adapters import HttpProblem, Operation, Work
from shared.adapters.keys import keys_of
from shared.adapters.requests import invalid, json_of, said, validated
from shared.adapters.setup import AdapterSetup
from shared.adapters.signatures import PARAMETERS, Signed, same_as_any
from shared.bus.ask import asker_of
from shared.events import Fault, faults_of
from shared.events.commands import RecordReceipt
from shared.plugins import Config, Plugin, PluginError, SecretName

MOST: Final = 500
MOST_FAULTS: Final = 20
_TOKEN: Final = {"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}
_GONE: Final = ("CB:0001", "CB:0053", "DB:0101", "MI:0073", "MI:0210")
"""Codes of the carriers for a number that nobody has 空号."""


class SmsReceiptsConfig(Config):
    """Who reports; each is served where its secret is named."""

    channels: ClassVar[tuple[str, ...]] = ()
    subjects: ClassVar[tuple[str, ...]] = (RecordReceipt.SUBJECT,)
    aliyun_token: SecretName | None = None
    """Name of the secret that ends the address for Aliyun."""
    tencent_token: SecretName | None = None
    """Name of the secret that ends the address for Tencent Cloud."""
    keys: tuple[SecretName, ...] = Field(default=(), max_length=3)
    """Names of the keys that sign reports in our own form."""
    no_such_number: tuple[str, ...] = _GONE
    """Codes of reports that end the address (R-NT-07); another failure goes another way and leaves the address."""


class SmsReceipts:
    """Takes reports and answers when notify has them."""

    channels: tuple[str, ...] = ()
    sent_by_vendor = True

    def __init__(self, setup: AdapterSetup) -> None:
        config: SmsReceiptsConfig = setup.config
        if not (config.keys or config.aliyun_token or config.tencent_token):
            raise PluginError("name the secret of at least one sender: aliyun_token, tencent_token or keys")
        self._signed = Signed(keys_of(setup, config.keys)) if config.keys else None
        named = {"aliyun": config.aliyun_token, "tencent": config.tencent_token}
        self._tokens = {name: keys_of(setup, [token]) for name, token in named.items() if token is not None}
        self._gone = frozenset(config.no_such_number)

    @property
    def operations(self) -> Sequence[Operation]:
        """One for each sender that is configured."""
        known = {
            "aliyun": ("Aliyun: SmsReport", _several(Aliyun), "Recorded: `code` is 0."),
            "tencent": ("Tencent Cloud: status of an SMS", _several(Tencent), "Recorded: `result` is 0."),
        }
        pushed = [
            Operation("post", f"/{name}/{{token}}", known[name][0], known[name][1], [_TOKEN], {"200": known[name][2]})
            for name in self._tokens
        ]
        own = Operation("post", "", "Reports in our own form", _several(Own), PARAMETERS, {"200": "Recorded."})
        return [*([own] if self._signed else []), *pushed]

    def routes(self, work: Work) -> Sequence[BaseRoute]:
        """Return a route for each sender that is configured."""
        records = Records(asker_of(work.client))

        async def own(request: Request) -> Response:
            body = await request.body()
            if self._signed is not None:
                self._signed.check(request.headers, body)
            reports = [validated(Own, one) for one in _array(body)]
            if any((one.notification_id is None) == (one.provider_id is None) for one in reports):
                raise invalid([Fault("notification_id", "is to be given, or provider_id, and not both")])
            await records.record([one.receipt() for one in reports])
            return said({"recorded": len(reports)})

        async def aliyun(request: Request) -> Response:
            self._check_token("aliyun", request)
            await self._record(records, Aliyun, await request.body())
            return said({"code": 0, "msg": "接收成功"})

        async def tencent(request: Request) -> Response:
            self._check_token("tencent", request)
            await self._record(records, Tencent, await request.body())
            return said({"result": 0, "errmsg": "OK"})

        pushes = {"aliyun": aliyun, "tencent": tencent}
        routes: list[BaseRoute] = [Route("/", own, methods=["POST"])] if self._signed else []
        return [*routes, *(Route(f"/{name}/{{token}}", pushes[name], methods=["POST"]) for name in self._tokens)]

    async def _record(self, records: Records, form: type[Aliyun | Tencent], body: bytes) -> None:
        """Record every report that is of the vendor's `form`; `HttpProblem` 422 afterwards where others are not."""
        reports: list[Aliyun | Tencent] = []
        faults: list[Fault] = []
        for one in _array(body):
            try:
                reports.append(form.model_validate(one))
            except ValidationError as error:
                faults += faults_of(error)
        await records.record([one.receipt(self._gone) for one in reports])
        if faults:
            raise invalid(faults[:MOST_FAULTS])

    def _check_token(self, vendor: str, request: Request) -> None:
        tokens = [key.decode() for key in self._tokens[vendor]()]
        if not same_as_any(request.path_params["token"], tokens):
            raise HttpProblem(404, "bad-token", "There is nothing here")


def _array(body: bytes) -> list[object]:
    reports = json_of(body)
    if not isinstance(reports, list) or not 0 < len(reports) <= MOST:
        raise invalid([Fault("(whole)", f"must be an array of 1 to {MOST} reports")])
    return reports


def _several(form: type[BaseModel]) -> dict[str, object]:
    return {"application/json": {"type": "array", "items": form.model_json_schema(), "maxItems": MOST}}


plugin = Plugin(
    kind="endpoint",
    name="sms_receipts",
    api=1,
    summary="Reports of delivery: Aliyun, Tencent Cloud, or signed in our own form",
    build=SmsReceipts,
    config=SmsReceiptsConfig,
)
