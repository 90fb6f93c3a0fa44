"""A queued notification -> a message with an address and words, or the reason why there is none (yet)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.notify.domain.facts import language_of
from services.notify.domain.masking import mask
from services.notify.domain.quiet import earliest
from services.notify.domain.recipients import Address, Unreachable, customer_address, staff_address
from services.notify.domain.wording import sender_name, template_values
from services.notify.handlers.texts import Texts
from services.notify.ports import Message, Outbound, Sender
from services.notify.store.queue import Queued
from shared.policy import Policy


@dataclass(frozen=True, slots=True)
class Composed:
    """A message that can leave, the transport that it leaves by, and the notifications that it brings."""

    queued: Queued
    members: tuple[Queued, ...]
    outbound: Outbound
    channel: str
    transport: str
    route: int
    to_masked: str


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


class Composer:
    """Finds recipient, channel, transport and words by the policy."""

    def __init__(self, policy: Policy, texts: Texts) -> None:
        self.policy = policy
        self._texts = texts

    def compose(self, queued: Queued, now: datetime) -> Composed | Suppressed | Later | Missing:
        """Return what becomes of `queued` at `now`."""
        order = queued.work_order
        if queued.work_order_id is not None and order is None:
            return Missing()
        category = order.category if order else None
        at = earliest(now, queued.audience, queued.purpose, category, self.policy)
        if at > now:
            return Later(at, "quiet hours")
        if queued.audience == "staff":
            return self._for_staff(queued, now)
        if queued.contact is None:
            return Missing()
        if queued.values.get("automatic") and order is not None and not order.in_work:
            return Suppressed("the result came first")
        address = customer_address(queued.contact, self.policy)
        return self._addressed(queued, address, queued.contact.language, None, now)

    def _for_staff(self, queued: Queued, now: datetime) -> Composed | Suppressed:
        person = self.policy.staff(queued.recipient)
        if person is None:
            return Suppressed("no longer a member of staff")
        language = language_of(self.policy.locale)
        return self._addressed(queued, staff_address(person, self.policy), language, person.name, now)

    def _addressed(
        self, queued: Queued, address: Address | Unreachable, language: str, staff_name: str | None, now: datetime
    ) -> Composed | Suppressed:
        if isinstance(address, Unreachable):
            return Suppressed(address.reason)
        chain = self.chain(queued.audience, address.channel)
        if not chain:
            return Suppressed(f"no transport for the channel {address.channel}")
        route = queued.route if queued.route < len(chain) else 0
        category = _facts(queued).get("category")
        values = self._values(queued, language, address.channel, staff_name, now)
        name = self.policy.notify.templates.name(queued.purpose, str(category) if category else None)
        subject, text = self._texts.render(name, language, values)
        ours = self.policy.notify.sender
        sender = Sender(sender_name(ours.name, language), ours.email)
        message = Message(queued.notification_id, address.to, subject, text, sender, language)
        number = queued.work_order.number if queued.work_order else None
        outbound = Outbound(message, queued.purpose, queued.audience, queued.attempt + 1, number)
        return Composed(queued, (queued,), outbound, address.channel, chain[route], route, mask(address.to))

    def chain(self, audience: str, channel: str) -> tuple[str, ...]:
        """Return the names of the transports for `channel`, each the fallback of the one before."""
        by_audience = self.policy.notify.transports
        channels = by_audience.get("customer" if audience == "customer" else "staff", {})
        return channels.get(channel, ())

    def digest(self, parts: Sequence[Composed], now: datetime) -> Composed:
        """Return one message to the recipient of `parts` in the place of all of them (R-SLA-10)."""
        first = parts[0]
        language = first.outbound.message.locale
        person = self.policy.staff(first.queued.recipient)
        name = person.name if person else None
        items = [self._values(part.queued, language, first.channel, name, now) for part in parts]
        template = self.policy.notify.templates.name(first.queued.purpose)
        subject, text = self._texts.render(template, language, items[0] | {"items": items, "count": len(items)})
        message = replace(first.outbound.message, subject=subject, text=text)
        also = tuple(part.queued.notification_id for part in parts[1:])
        outbound = replace(first.outbound, message=message, also=also, work_order=None)
        return replace(first, outbound=outbound, members=tuple(part.queued for part in parts))

    def _values(
        self, queued: Queued, language: str, channel: str, staff_name: str | None, now: datetime
    ) -> dict[str, object]:
        return template_values(
            _facts(queued),
            language=language,
            channel=channel,
            now=now,
            policy=self.policy,
            contact=queued.contact if queued.audience == "customer" else None,
            staff_name=staff_name,
        )


def _facts(queued: Queued) -> dict[str, object]:
    """Return the notice's values, with those of the work order where the notice was written without knowing it."""
    order = queued.work_order
    known: dict[str, object] = {}
    if order is not None:
        known = {key: getattr(order, key) for key in ("number", "department", "category", "topic", "grade", "cycle")}
    return known | dict(queued.values)
