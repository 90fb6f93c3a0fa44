"""NATS as the adapters of mail need it, and what came onto it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import nats
from nats.aio.client import Client
from nats.js import JetStreamContext

from services.intake.plugins.email import mail_id
from services.intake.ports import Reading
from shared.attachments import ATTACHMENTS, AttachmentStore, attachment_days
from shared.bus.streams import CONTACTS
from shared.events import Contact
from shared.provision.streams import provision_stream
from tests.mail.mails import mail
from tests.plugins import built_in_channels
from tests.polling import until


class MailHouse:
    """The streams of contacts and attachments."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.files = AttachmentStore(client)

    async def make(self) -> None:
        jetstream = self.client.jetstream()
        await provision_stream(jetstream, CONTACTS, None, 30)
        await provision_stream(jetstream, ATTACHMENTS, None, attachment_days(1_095, 30))

    async def count(self) -> int:
        return (await JetStreamContext(self.client).stream_info(CONTACTS.name)).state.messages

    async def envelopes(self) -> list[dict[str, Any]]:
        """Return everything on the stream, in order."""
        jetstream = JetStreamContext(self.client)
        state = (await jetstream.stream_info(CONTACTS.name)).state
        numbers = range(state.first_seq, state.last_seq + 1) if state.messages else range(0)
        return [json.loads((await jetstream.get_msg(CONTACTS.name, number)).data or b"") for number in numbers]

    async def until(self, count: int, seconds: float = 40.0) -> list[dict[str, Any]]:
        """Return everything on the stream as soon as there are `count`."""

        async def enough() -> bool:
            return await self.count() >= count

        await until(enough, seconds, said=f"{count} mails are on the bus")
        return await self.envelopes()


@asynccontextmanager
async def mail_house(url: str) -> AsyncIterator[MailHouse]:
    """Yield the streams on the server at `url`, which has none yet."""
    client = await nats.connect(url)
    house = MailHouse(client)
    await house.make()
    try:
        yield house
    finally:
        await client.close()


def ids_of(*numbers: int) -> set[str]:
    """Return the ids that the mails with these numbers have on the bus."""
    return {mail_id(mail(number)) for number in numbers}


def ids_in(envelopes: list[dict[str, Any]]) -> list[str]:
    """Return the ids of `envelopes`, in order."""
    return [envelope["id"] for envelope in envelopes]


def read(envelope: dict[str, Any]) -> Reading:
    """Return what intake reads of an envelope on the channel of mail."""
    return built_in_channels()["email"].read(envelope["data"])


def contact(envelope: dict[str, Any]) -> Contact:
    """Return the contact that intake makes of an envelope."""
    found = read(envelope)
    assert isinstance(found, Contact), found
    return found
