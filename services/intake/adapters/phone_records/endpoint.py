"""Call records: the telephone system posts each call that has ended, missed ones too, signed.

    X-Yingda-Timestamp, X-Yingda-Signature: as for the webhook
    {"call_id": "pbx-1-1764000000.17", "began_at": "2026-11-23T10:15:00+08:00",
     "answered_at": "2026-11-23T10:15:08+08:00", "ended_at": "2026-11-23T10:18:02+08:00", "caller": "13800138000", "rings": 2,
     "agent_id": "service-1"}

What the agent writes about a call is a contact of its own on the channel `phone`, or completes this one.
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from shared.adapters import Operation, Work
from shared.adapters.keys import keys_of
from shared.adapters.requests import json_of, kept, validated
from shared.adapters.setup import AdapterSetup
from shared.adapters.signatures import PARAMETERS, WINDOW_SECONDS, Signed, Window
from shared.plugins import Config, Plugin, SecretName

CHANNEL: Final = "phone"
MOST: Final = 200
Seconds = Annotated[float, Field(ge=0, le=86_400)]


class PhoneRecordsConfig(Config):
    """Whose records are taken."""

    keys: Annotated[tuple[SecretName, ...], Field(min_length=1, max_length=3)]
    """Names of the secrets that sign records; a second one while a key changes."""
    source: Annotated[str, Field(pattern=r"^[!-~]{1,100}$")] = "phone/records"
    """Names the telephone system: calls are known as `<source>/<call_id>` for ever."""
    answered: Literal["take", "leave"] = "take"
    """Whether an answered call becomes a contact that its agent completes; `leave`: the agent's own form is the contact."""
    window_seconds: Annotated[float, Field(ge=10, le=3600)] = WINDOW_SECONDS
    """How far the time that is signed may be from ours."""

    @property
    def channels(self) -> tuple[str, ...]:
        """The telephone."""
        return (CHANNEL,)


class Record(BaseModel):
    """One call that has ended; what a telephone system tells besides goes with it."""

    model_config = ConfigDict(extra="allow")

    call_id: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
    began_at: AwareDatetime
    answered_at: AwareDatetime | None = Field(default=None, description="null: nobody answered, the call was missed")
    ended_at: AwareDatetime | None = None
    caller: str | None = Field(default=None, max_length=40, description="null where the number is withheld")
    called: str | None = Field(default=None, max_length=40)
    direction: Literal["inbound", "outbound"] = "inbound"
    agent_id: str | None = Field(default=None, max_length=64)
    extension: str | None = Field(default=None, max_length=40, description="where it was answered")
    rings: int | None = Field(default=None, ge=0, le=1_000)
    hold_seconds: Seconds | None = Field(default=None, description="the longest look-up on hold")
    recording: str | None = Field(default=None, max_length=500, description="where the recording is kept")


class Records(BaseModel):
    """What is posted: several at once are kept together."""

    records: list[Record] = Field(min_length=1, max_length=MOST)


class PhoneRecords:
    """Publishes records as they are; the plugin of the channel `phone` reads them."""

    channels = (CHANNEL,)

    def __init__(self, setup: AdapterSetup) -> None:
        config: PhoneRecordsConfig = setup.config
        self._config = config
        self._signed = Signed(keys_of(setup, config.keys), Window(config.window_seconds))

    @property
    def operations(self) -> Sequence[Operation]:
        """The one operation."""
        one = Record.model_json_schema()
        body = {"application/json": {"oneOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": MOST}]}}
        return [
            Operation(
                "post",
                "",
                "Calls that have ended",
                body,
                PARAMETERS,
                {"202": "Kept; `accepted` names the calls that became contacts, outbound ones are none."},
            )
        ]

    def routes(self, work: Work) -> Sequence[BaseRoute]:
        """Return the one route."""

        async def publish(record: Record) -> str:
            data: dict[str, Any] = {"call_record": record.model_dump(mode="json", exclude_none=True)}
            published = work.publisher.publish(
                CHANNEL,
                source=self._config.source,
                id=record.call_id,
                data=data,
                time=record.ended_at or record.began_at,
            )
            return (await published).key

        async def post(request: Request) -> Response:
            body = await request.body()
            self._signed.check(request.headers, body)
            value = json_of(body)
            records = validated(Records, {"records": value if isinstance(value, list) else [value]}).records
            return kept(
                *await asyncio.gather(*(publish(record) for record in records if self._is_contact(record, work)))
            )

        return [Route("/", post, methods=["POST"])]

    def _is_contact(self, record: Record, work: Work) -> bool:
        if record.direction == "outbound":
            work.report.refused("outbound")
            return False
        if record.answered_at is not None and self._config.answered == "leave":
            work.report.refused("answered")
            return False
        return True


plugin = Plugin(
    kind="endpoint",
    name="phone_records",
    api=1,
    summary="Call records of the telephone system, missed calls too",
    build=PhoneRecords,
    config=PhoneRecordsConfig,
)
