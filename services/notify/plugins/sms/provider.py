"""What the SMS transports have in common: one channel, one client, a number that an SMS can go to."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from typing import ClassVar

from services.notify.plugins.sms.mobiles import Mobile, mobile_of
from services.notify.plugins.sms.sending import AT_ONCE, each
from services.notify.ports import BATCHES_AT_ONCE, Outbound, Outcome, Rejected, TransportError, TransportSetup
from shared.outbound import HttpClient, Trusted


class SmsProvider(ABC):
    """Sends several messages at once over kept connections; how one is asked for, each provider says."""

    name: ClassVar[str]
    resend_when_unknown = False

    def __init__(self, setup: TransportSetup, trusted: Trusted) -> None:
        if setup.channel != "sms":
            raise TransportError(f'{self.name} carries sms and nothing else, not "{setup.channel}"')
        self.channel = setup.channel
        self._client = HttpClient(
            wait_seconds=setup.wait_seconds, trusted=trusted, connections=BATCHES_AT_ONCE * AT_ONCE
        )

    async def send(self, messages: Sequence[Outbound]) -> Sequence[Outcome]:
        """Send each message; what the provider cannot be asked for now is tried later."""
        return await each(messages, self._sent)

    async def sent_before(self, ids: Collection[str]) -> set[str] | None:
        """Return None: providers can be asked by number and day at best, and tell what they took minutes later."""
        del ids
        return None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _sent(self, out: Outbound) -> Outcome:
        mobile = mobile_of(out.message.to)
        if mobile is None:
            return Rejected("no number that an SMS can go to", address=True)
        return await self._asked_for(out, mobile)

    @abstractmethod
    async def _asked_for(self, out: Outbound, mobile: Mobile) -> Outcome:
        """Ask the provider for one SMS to `mobile`, and return what its answer means."""
