"""Messages to WeCom's customer service: announced by a push, fetched from a cursor, published, and only then passed by."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from services.intake.adapters.wecom.cursors import Cursors
from services.intake.adapters.wecom.vendor import Vendor, VendorAway
from services.intake.plugins.wecom_message import CUSTOMER
from shared.adapters import RefusedByBus, TooLarge, Work
from shared.adapters.requests import digest_of

AT_ONCE: Final = 100
"""Messages that are published together."""

log = structlog.get_logger()


class CustomerService:
    """Fetches for the customer-service accounts of one enterprise, one fetch of each at a time."""

    def __init__(self, vendor: Vendor, cursors: Cursors, channel: str, source: str) -> None:
        self._vendor = vendor
        self._cursors = cursors
        self._channel = channel
        self._source = source
        self._fetching: dict[str, asyncio.Task[None]] = {}
        self._again: dict[str, str] = {}

    async def announced(self, work: Work, open_kfid: str, event_token: str = "") -> None:
        """Return when all that `open_kfid` was sent until now is on the bus; `VendorAway`, `BusAway` where it is not.

        What the vendor announces while a fetch is under way is fetched by that one.
        """
        self._again[open_kfid] = event_token or self._again.get(open_kfid, "")
        task = self._fetching.get(open_kfid)
        if task is None or task.done():
            task = asyncio.create_task(self._fetch(work, open_kfid), name=f"fetch {open_kfid}")
            self._fetching[open_kfid] = task
            task.add_done_callback(lambda done: self._ended(open_kfid, done))
        await asyncio.shield(task)

    async def catch_up(self, work: Work) -> None:
        """Fetch for every account that is known, whatever was announced while nobody listened."""
        for open_kfid in await self._cursors.known():
            try:
                await self.announced(work, open_kfid)
            except Exception as error:  # noqa: BLE001 (the next announcement or the next turn fetches the same)
                why = str(error) if isinstance(error, VendorAway) else type(error).__name__
                log.warning("messages to customer service are fetched later", why=why)

    async def close(self) -> None:
        """End what is under way; what it had not published is fetched again."""
        tasks = list(self._fetching.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._vendor.close()

    def _ended(self, open_kfid: str, task: "asyncio.Task[None]") -> None:
        if self._fetching.get(open_kfid) is task:
            del self._fetching[open_kfid]
        if not task.cancelled():
            task.exception()  # whoever waits has it; nobody else may be waiting any more

    async def _fetch(self, work: Work, open_kfid: str) -> None:
        while open_kfid in self._again:
            event_token = self._again.pop(open_kfid)
            cursor = await self._cursors.read(open_kfid)
            more = True
            while more:
                page = await self._vendor.messages(open_kfid, cursor, event_token)
                for start in range(0, len(page.messages), AT_ONCE):
                    part = page.messages[start : start + AT_ONCE]
                    await asyncio.gather(*(self._publish(work, message) for message in part))
                more = page.more and page.cursor != cursor
                if page.cursor != cursor:
                    cursor = page.cursor
                    await self._cursors.write(open_kfid, cursor)

    async def _publish(self, work: Work, message: Mapping[str, Any]) -> None:
        work.report.received()
        if message.get("origin") != CUSTOMER or message.get("msgtype") == "event":
            work.report.refused("no-contact")
            return
        given = message.get("msgid")
        name = given if isinstance(given, str) and given.isascii() and given.isprintable() and given else ""
        seconds = message.get("send_time")
        at = datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) and 0 < seconds < 2**32 else None
        try:
            await work.publisher.publish(
                self._channel,
                source=self._source,
                id=name[:200] or digest_of(message),
                data={"message": dict(message)},
                time=at,
            )
        except (TooLarge, RefusedByBus) as error:
            log.warning("a message to customer service can never come through", why=type(error).__name__)
            work.report.refused("refused")
