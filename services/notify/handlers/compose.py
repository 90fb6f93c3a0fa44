"""A queued notification -> a message with an address and words, or the reason why there is none (yet)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Final

from services.notify.domain.facts import language_of
from services.notify.domain.masking import mask
from services.notify.domain.quiet import earliest
from services.notify.domain.recipients import Address, Unreachable, customer_addresses, staff_addresses
from services.notify.domain.suppression import REASONS, fingerprint
from services.notify.domain.values import sender_name
from services.notify.domain.wording import Words, template_values, written_values
from services.notify.handlers.links import SurveyLinks
from services.notify.handlers.texts import Texts
from services.notify.ports import Message, Outbound, Sender
from services.notify.store.queue import Queued
from shared.policy import Policy
from shared.values import frozen


@dataclass(frozen=True, slots=True)
class Way:
    """An address of the recipient, and what stands for it where no address may be kept."""

    address: Address
    fingerprint: str


@frozen
class Addressed:
    """A notification that can leave: by which transport, and to which address. Its words come last."""

    queued: Queued
    address: Address
    transport: str
    route: int
    fingerprint: str
    more: bool
    """Whether there is another address where this one refuses."""

    @property
    def channel(self) -> str:
        """The channel of the address."""
        return self.address.channel

    @property
    def to_masked(self) -> str:
        """The address as it may be kept and told."""
        return mask(self.address.to)


Bundle = Sequence[Addressed]
"""What leaves in one message, to one address by one transport; never empty."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A message in its words, and the notifications that it brings."""

    parts: Bundle
    outbound: Outbound

    @property
    def lane(self) -> tuple[str, str]:
        """The transport and the channel that it leaves by."""
        return self.parts[0].transport, self.parts[0].channel


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Nothing will be sent, with the reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    """Not before `at`, with the reason."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Missing:
    """The work order or its contact is not known yet."""


Ways = tuple[Way, ...] | Suppressed | Missing

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


def _everybody(_transport: str, _channel: str) -> bool:
    return True


class Composer:
    """Finds recipient, channel, transport and words by the policy."""

    def __init__(
        self,
        policy: Policy,
        texts: Texts,
        key: bytes,
        links: SurveyLinks,
        reads_values: Callable[[str, str], bool] = _everybody,
    ) -> None:
        """Take `reads_values`, which says of a transport and a channel whether it makes anything of `Outbound.values`."""
        self.policy = policy
        self._reads_values = reads_values
        self._staff_ways = cache(self._find_staff)  # some hundred, which a policy keeps for its life
        self._sender = cache(self._sign)
        self._texts = texts
        self._key = key
        self._links = links

    def ways(self, queued: Queued) -> Ways:
        """Return all addresses of the recipient that are left for `queued`, the first choice first."""
        if queued.work_order_id is not None and queued.work_order is None:
            return Missing()
        if queued.audience == "staff":
            ways = self._staff_ways(queued.recipient)
        elif queued.contact is None:
            return Missing()
        else:
            ways = self._ways(customer_addresses(queued.contact, self.policy))
        if isinstance(ways, Suppressed) or not queued.spent:
            return ways
        return tuple(way for way in ways if way.address.channel not in queued.spent)

    def _find_staff(self, recipient: str) -> tuple[Way, ...] | Suppressed:
        person = self.policy.staff(recipient)
        if person is None:
            return Suppressed("no longer a member of staff")
        return self._ways(staff_addresses(person, self.policy))

    def _ways(self, found: tuple[Address, ...] | Unreachable) -> tuple[Way, ...] | Suppressed:
        if isinstance(found, Unreachable):
            return Suppressed(found.reason)
        return tuple(Way(address, self.fingerprint(address)) for address in found)

    def fingerprint(self, address: Address) -> str:
        """Return what stands for `address` in the suppression list and in the limits."""
        return fingerprint(address.channel, address.to, self._key)

    def addressed(
        self, queued: Queued, ways: Ways, suppressed: Mapping[str, str], now: datetime
    ) -> Addressed | Suppressed | Later | Missing:
        """Return what becomes of `queued` at `now`; `suppressed` tells why addresses get nothing any more (R-NT-07)."""
        if isinstance(ways, Missing):
            return ways
        order = queued.work_order
        at = earliest(now, queued.audience, queued.purpose, order.category if order else None, self.policy)
        if at > now:
            return Later(at, "quiet hours")
        if reason := self._out_of_date(queued, now):
            return Suppressed(reason)
        if isinstance(ways, Suppressed):
            return ways
        left = [way for way in ways if way.fingerprint not in suppressed]
        if not left:
            reasons = [REASONS[suppressed[way.fingerprint]] for way in ways]
            return Suppressed(reasons[0] if reasons else "every address has refused it")
        return self._by(queued, left)

    def _out_of_date(self, queued: Queued, now: datetime) -> str | None:
        """Return why nobody wants to read it any more."""
        order = queued.work_order
        if queued.values.get("automatic") and order is not None and not order.in_work:
            return "the result came first"
        if queued.purpose == "survey":
            if datetime.fromisoformat(str(queued.values["expires_at"])) <= now:
                return "the survey is over"
            if not self._links.possible:
                return "no survey page is configured"
        return None

    def _by(self, queued: Queued, ways: Sequence[Way]) -> Addressed | Suppressed:
        address = ways[0].address
        chain = self.chain(queued.audience, address.channel)
        if not chain:
            return Suppressed(f"no transport for the channel {address.channel}")
        route = queued.route if queued.route < len(chain) else 0
        return Addressed(queued, address, chain[route], route, ways[0].fingerprint, len(ways) > 1)

    def chain(self, audience: str, channel: str) -> tuple[str, ...]:
        """Return the names of the transports for `channel`, each the fallback of the one before."""
        by_audience = self.policy.notify.transports
        channels = by_audience.get("customer" if audience == "customer" else "staff", {})
        return channels.get(channel, ())

    def written(self, bundle: Bundle, now: datetime) -> Composed:
        """Return the message that brings `bundle`: in its own words, or a digest in the place of several (R-SLA-10)."""
        first = bundle[0]
        queued, language = first.queued, self._language(first.queued)
        facts = [_facts(part.queued) for part in bundle]
        items = [
            self._values(part.queued, told, language, first.channel, now)
            for part, told in zip(bundle, facts, strict=True)
        ]
        if len(bundle) > 1:
            template, values = self.policy.notify.templates.digest, items[0].with_items(items)
        else:
            template, values = self._template(queued, facts[0]), items[0]
        subject, text = self._texts.render(template, language, values)
        message = Message(queued.notification_id, first.address.to, subject, text, self._sender(language), language)
        number = queued.work_order.number if queued.work_order and len(bundle) == 1 else None
        also = tuple(part.queued.notification_id for part in bundle[1:])
        written = written_values(values) if self._reads_values(first.transport, first.channel) else _NOTHING
        outbound = Outbound(message, queued.purpose, queued.audience, queued.attempt + 1, number, also, written)
        return Composed(bundle, outbound)

    def _sign(self, language: str) -> Sender:
        ours = self.policy.notify.sender
        return Sender(sender_name(ours.name, language), ours.email)

    def _language(self, queued: Queued) -> str:
        ours = language_of(self.policy.locale)
        return queued.contact.language if queued.audience == "customer" and queued.contact else ours

    def _template(self, queued: Queued, facts: Mapping[str, object]) -> str:
        category, kind = facts.get("category"), facts.get("kind")
        return self.policy.notify.templates.name(
            queued.purpose,
            str(category) if category else None,
            str(kind) if kind else None,
            plain=queued.audience == "customer" and queued.contact is not None and queued.contact.plain,
        )

    def _values(self, queued: Queued, facts: dict[str, object], language: str, channel: str, now: datetime) -> Words:
        if queued.purpose == "survey":
            facts["uri"] = self._links.link(str(facts["survey_id"]))
        person = self.policy.staff(queued.recipient) if queued.audience == "staff" else None
        return template_values(
            facts,
            purpose=queued.purpose,
            language=language,
            channel=channel,
            now=now,
            policy=self.policy,
            contact=queued.contact if queued.audience == "customer" else None,
            staff_name=person.name if person else None,
        )


def _facts(queued: Queued) -> dict[str, object]:
    """Return the notice's values, with those of the work order where the notice was written without knowing it."""
    order = queued.work_order
    known: dict[str, object] = {}
    if order is not None:
        known = {key: getattr(order, key) for key in ("number", "department", "category", "topic", "grade", "cycle")}
    return known | dict(queued.values)
