"""What the bots of WeCom, DingTalk and Feishu have in common: they tell staff, in one group, so and so often.

All that is due at once goes into as few posts as the vendor's limit of length allows: a burst of alerts must not use up
the posts of a minute. What is over the vendor's limit of posts goes another way or later: DingTalk shuts a bot out for ten minutes.
"""

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic as now
from typing import Any, Final, Protocol

from services.notify.plugins.in_time import InTime
from services.notify.plugins.markup import shortened
from services.notify.ports import Outbound, Outcome, Rejected, Retry, TransportSetup, Unknown
from shared.outbound import Answer, HttpClient, NotTaken, Trusted
from shared.plugins import Config

BETWEEN: Final = "\n\n"
_SERVERS_OWN: Final = 500
_TOO_MANY: Final = 429


class BotConfig(Config):
    """What every bot may be told."""

    mention: bool = False
    """Calls the member of staff by the phone number, on the channel `sms`."""
    trusted_hosts: Trusted = ()
    """Hosts or networks that are inner ones and may be called nevertheless, as a proxy."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `posts` in any stretch of `seconds`."""

    posts: int
    seconds: float


class Vendor(Protocol):
    """What is particular to one vendor."""

    @property
    def name(self) -> str:
        """The name of the transport."""
        ...

    @property
    def longest(self) -> int:
        """How many bytes of text one post may have."""
        ...

    @property
    def limits(self) -> Sequence[Limit]:
        """How often the vendor lets a bot post."""
        ...

    def text(self, out: Outbound) -> str:
        """Return the message as the vendor shows it, with nothing in it that the vendor would take for markup."""
        ...

    def request(self, text: str, phones: Sequence[str]) -> tuple[str, Mapping[str, Any]]:
        """Return address and body of the post; `phones` are called."""
        ...

    def outcome(self, answer: Mapping[str, Any]) -> Outcome:
        """Return what the vendor's answer means; `Rejected` never ends an address: the group is not the person's."""
        ...


class GroupBot:
    """Posts messages to staff in a group. Used by several tasks at once."""

    resend_when_unknown = False

    def __init__(self, setup: TransportSetup, vendor: Vendor) -> None:
        config: BotConfig = setup.config
        self.name = vendor.name
        self.channel = setup.channel
        self._vendor = vendor
        self._mention = config.mention and setup.channel == "sms"
        self._client = HttpClient(wait_seconds=setup.wait_seconds, trusted=config.trusted_hosts)
        self._pace = _Pace(vendor.limits)

    async def send(self, messages: Sequence[Outbound]) -> Sequence[Outcome]:
        """Post all messages to staff, several in one post; one to a customer is refused."""
        time = InTime()
        outcomes: dict[int, Outcome] = {
            number: Rejected("a group bot tells staff only")
            for number, out in enumerate(messages)
            if out.audience != "staff"
        }
        stopped: Retry | None = None
        for numbers, text in self._posts(messages):
            if stopped is None and time.is_over():
                stopped = Retry("the bot is too slow")
            if stopped is None and not self._pace.take(now()):
                stopped = Retry("the bot's limit of posts")
            outcome = stopped or await time.outcome(self._post(text, [messages[number] for number in numbers]))
            if isinstance(outcome, Retry):
                stopped = outcome
            outcomes |= dict.fromkeys(numbers, outcome)
        return [outcomes[number] for number in range(len(messages))]

    async def sent_before(self, ids: Collection[str]) -> set[str] | None:
        """Return None: a bot cannot be asked what it has posted."""
        del ids
        return None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _posts(self, messages: Sequence[Outbound]) -> list[tuple[list[int], str]]:
        """Return the posts, each with the numbers of the messages that it brings; what several are told stands there once."""
        told: dict[str, list[int]] = {}
        for number, out in enumerate(messages):
            if out.audience == "staff":
                told.setdefault(shortened(self._vendor.text(out), self._vendor.longest), []).append(number)
        posts: list[tuple[list[int], str]] = []
        for text, numbers in told.items():
            joined = f"{posts[-1][1]}{BETWEEN}{text}" if posts else ""
            if posts and len(joined.encode()) <= self._vendor.longest:
                posts[-1] = ([*posts[-1][0], *numbers], joined)
            else:
                posts.append((numbers, text))
        return posts

    async def _post(self, text: str, messages: Sequence[Outbound]) -> Outcome:
        phones = list(dict.fromkeys(out.message.to for out in messages)) if self._mention else []
        url, body = self._vendor.request(text, phones)
        result = await self._client.post_json(url, body)
        if isinstance(result, NotTaken):
            return Retry(f"the bot cannot be reached: {result.reason}")
        if not isinstance(result, Answer):
            return Unknown(f"no answer after the message was handed over: {result.reason}")
        if result.status == _TOO_MANY:
            return Retry(f"refused with {result.status}")
        answer = result.values()
        if result.status >= _SERVERS_OWN or not answer:
            return Unknown(f"answered with {result.status}")
        return self._vendor.outcome(answer)


class _Pace:
    """Lets posts leave as far as the vendor's limits allow, in this process; between replicas the policy's limits hold."""

    def __init__(self, limits: Sequence[Limit]) -> None:
        self._limits = limits
        self._left: deque[float] = deque(maxlen=max(limit.posts for limit in limits))

    def take(self, moment: float) -> bool:
        """Return whether a post may leave at `moment`, and if so, count it."""
        for limit in self._limits:
            if sum(moment - at < limit.seconds for at in self._left) >= limit.posts:
                return False
        self._left.append(moment)
        return True
