"""The channel `fax`: what a fax server says of a fax that it has received and read.

    {"job": "000004711", "station": "+86 551 6366 0000", "received": "2026-11-23 10:15:02",
     "pages": [{"text": "FROM: …  P.1/2"}, {"text": "…"}], "file": "fax000004711.pdf"}

The time is the local one of the fax server, which has no idea of time zones.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, ValidationError
from services.intake.ports import Reading, Unreadable, storable
from shared.events import Attachment, Contact, Customer, Fault, faults_of
from shared.plugins import Config, Plugin

HEADER = re.compile(r"^.{0,80}\bP\.\s?\d+(?:/\d+)?\s*$", re.MULTILINE)
"""The line that a sending machine prints on top of every page."""
LONGEST = 10_000
"""Characters that a contact may have."""


def _known(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("is no time zone, as Asia/Shanghai") from None
    return zone


class FaxConfig(Config):
    """Its settings in the policy file, under plugins.channels.fax."""

    timezone: Annotated[str, AfterValidator(_known)] = "Asia/Shanghai"
    """The time zone of the fax server's clock."""
    withheld: str = "unknown"
    """What the fax server writes for a station that does not say its number."""


class FaxChannel:
    """Pure: the same data gives the same contact. It never raises: what it cannot read is `Unreadable`."""

    name = "fax"

    def __init__(self, config: FaxConfig) -> None:
        self._zone = ZoneInfo(config.timezone)
        self._withheld = config.withheld

    def read(self, data: Mapping[str, Any]) -> Reading:
        """Return the contact in `data`, or why there is none; a reason never repeats what the customer wrote."""
        form = storable(dict(data))
        text = "\n".join(_texts(form.get("pages"))).strip()
        at = self._moment(form.get("received"))
        if at is None:
            return _unreadable(Fault("received", "must be a time like 2026-11-23 10:15:02"))
        if not text:
            return _unreadable(Fault("pages", "no page has any text"))
        try:
            return Contact(
                occurred_at=at,
                text=text[:LONGEST],
                customer=Customer(phone=self._number(form.get("station"))),
                attachments=tuple(_files(form)),
                details={"fax_job": form["job"]} if isinstance(form.get("job"), str) else {},
            )
        except ValidationError as error:
            return _unreadable(*faults_of(error))

    def _moment(self, written: Any) -> datetime | None:
        try:
            at = datetime.strptime(written, "%Y-%m-%d %H:%M:%S").replace(tzinfo=self._zone)
        except (TypeError, ValueError):
            return None
        return at if 2000 <= at.year < 2100 else None

    def _number(self, station: Any) -> str | None:
        given = station.strip() if isinstance(station, str) else ""
        return None if given in {"", self._withheld} else given


def _texts(pages: Any) -> Iterator[str]:
    for page in pages if isinstance(pages, list) else ():
        text = page.get("text") if isinstance(page, dict) else None
        if isinstance(text, str):
            yield HEADER.sub("", text, count=1).strip()


def _files(form: Mapping[str, Any]) -> Iterator[Attachment]:
    name = form.get("file")
    if isinstance(name, str) and name:
        yield Attachment(kind="document", name=name, how_obtained="fax")


def _unreadable(*faults: Fault) -> Unreadable:
    return Unreadable(f"the fax cannot be read: {'; '.join(f'{one.field} {one.message}' for one in faults)}", faults)


plugin = Plugin(
    kind="channel",
    name="fax",
    api=1,
    summary="Faxes as a fax server has read them",
    build=lambda setup: FaxChannel(setup.config),
    config=FaxConfig,
)
