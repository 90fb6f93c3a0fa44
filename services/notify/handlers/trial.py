"""A test message by one transport, as the policy configures it: sent once, told in a sentence, recorded nowhere."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.notify.domain.masking import mask
from services.notify.domain.wording import VALUES
from services.notify.handlers.transports import SEND_SECONDS
from services.notify.ports import (
    Message,
    Outbound,
    Outcome,
    Rejected,
    Retry,
    Sender,
    Sent,
    Transport,
    TransportSetup,
    Unknown,
)
from shared.events import Purpose
from shared.ids import new_id
from shared.policy import Policy
from shared.settings import Settings
from shared.workshop import Workshop

NUMBER: Final = "XR20260101000"
"""A number that no work order has: the day's count begins at 1."""
SUBJECTS: Final = {"zh": f"测试消息（编号 {NUMBER}）", "en": f"Test message (number {NUMBER})"}
TEXTS: Final = {
    "zh": "这是一条测试消息，用来确认通知能够送达，您无需处理。",
    "en": "This is a test message that shows whether notices arrive. There is nothing for you to do.",
}
_PLACE: Final = "plugins.transports"
_WAIT: Final = "wait, since the provider takes no more for now"
_KEY: Final = "check the key and this machine's clock"


@dataclass(frozen=True, slots=True)
class Trial:
    """What is to be sent where."""

    transport: str
    channel: str
    to: str
    purpose: Purpose
    language: str
    audience: str


def channels_of(name: str, policy: Policy) -> tuple[str, ...]:
    """Return the channels that the policy uses the transport for, sorted."""
    used = policy.notify.transports.values()
    return tuple(sorted({channel for row in used for channel, chain in row.items() if name in chain}))


def likely_channel(name: str, to: str, policy: Policy) -> str:
    """Return the channel of a message to `to` by the transport: what the policy uses it for decides, else the address."""
    by_address = "email" if "@" in to else "sms"
    used = channels_of(name, policy)
    return by_address if by_address in used or not used else used[0]


def send(trial: Trial, policy: Policy, settings: Settings, now: Callable[[], datetime]) -> Outcome:
    """Return what came of one test message; `UnusableError` where the transport cannot be built as it is configured."""
    wait = float(policy.notify.max_transport_wait.seconds)
    workshop = Workshop(policy.plugins, settings, now)
    transport: Transport = workshop.make(
        "transport", trial.transport, Transport, setup=TransportSetup, channel=trial.channel, wait_seconds=wait
    )
    return asyncio.run(_sent(transport, _message(trial, policy)))


async def _sent(transport: Transport, out: Outbound) -> Outcome:
    try:
        async with asyncio.timeout(SEND_SECONDS):
            outcomes = await transport.send([out])
    except TimeoutError:
        return Unknown("the transport took too long")
    except Exception as error:  # noqa: BLE001 (a stranger's transport may raise anything; nobody knows what it sent)
        return Unknown(f"the transport failed: {type(error).__name__}")
    finally:
        await transport.close()
    return outcomes[0] if len(outcomes) == 1 else Unknown("the transport gave no answer")


def _message(trial: Trial, policy: Policy) -> Outbound:
    ours = policy.notify.sender
    text = TEXTS[trial.language]
    message = Message(
        notification_id=f"test-{new_id()}",
        to=trial.to,
        subject=SUBJECTS[trial.language],
        text=text,
        sender=Sender(ours.name, ours.email),
        locale=trial.language,
    )
    values = dict.fromkeys(VALUES, "-") | {"number": NUMBER, "sender": ours.name, "problem": text, "result": text}
    return Outbound(message, trial.purpose, trial.audience, 1, NUMBER, (), values)


def told(outcome: Outcome, trial: Trial) -> str:
    """Return what came of it, and what to do, in one sentence without the address."""
    to, name = mask(trial.to), trial.transport
    match outcome:
        case Sent(reference):
            known = f" (its name for it: {reference})" if reference else ""
            return f"{name} has taken the message to {to}{known}: look whether it has arrived."
        case Retry(reason):
            return f"{name} has not taken the message to {to}, and may later ({reason}): {_remedy(reason, name)}."
        case Rejected(reason, address):
            what = "there is no such address" if address else f"it will not take such a message ({reason})"
            remedy = "check the number or address" if address else f"check the settings under {_PLACE}.{name}"
            return f"{name} has refused the message to {to}, {what}: {remedy}."
        case Unknown(reason):
            return f"Nobody can tell whether {name} has taken the message to {to} ({reason}): look whether it arrives before you try again."


def _remedy(reason: str, name: str) -> str:
    """Return what an operator can do about a refusal for now."""
    remedies = {
        "inner network": f"name the host under {_PLACE}.{name}.trusted_hosts, if it is yours",
        "clear text": f"use https, or name the host under {_PLACE}.{name}.trusted_hosts, if it is yours",
        "no address": "check the name of the server, and whether this machine resolves names",
        "not one to trust": "check the name of the server, or name who vouches for it",
        "limit": _WAIT,
        "throttling": _WAIT,
        "429": _WAIT,
        "amount": "top up the account",
        "balance": "top up the account",
        "signature": _KEY,
        "authfailure": _KEY,
        "timestamp": _KEY,
        "permission": "check what the key may do",
        "unauthorized": "check what the key may do",
        "accesskey": "check the key",
        "authentication": "check the user and the password",
    }
    known = next((remedy for mark, remedy in remedies.items() if mark in reason.lower()), None)
    return known or f"check whether the provider can be reached, and the settings under {_PLACE}.{name}"
