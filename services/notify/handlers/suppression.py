"""The suppression list as staff and transports see it: put an address on it, take one off, read it (R-NT-07)."""

from collections.abc import Mapping
from typing import Any

from services.notify.domain.masking import mask
from services.notify.domain.recipients import Address, canonical
from services.notify.handlers.callers import (
    NOT_FOUND,
    UNPROCESSABLE,
    neither_staff_nor_transport,
    stranger,
    unknown_notification,
)
from services.notify.handlers.compose import Composer
from services.notify.store import queue, suppressed
from shared.bus.transaction import Transaction
from shared.events import Fault, Problem, refuse
from shared.events.commands import (
    AddressCommand,
    ListSuppressions,
    SuppressAddress,
    Unsubscribe,
    UnsuppressAddress,
)
from shared.times import rfc3339


class SuppressionDesk:
    """Answers the commands on addresses. A reply holds an address only masked, and the list not even that way in full."""

    def __init__(self, composer: Composer) -> None:
        self._composer = composer

    async def suppress(self, tx: Transaction, command: SuppressAddress) -> Mapping[str, Any] | Problem:
        """Put an address on the list for a reason that a member of staff gives."""
        return stranger(command, self._composer.policy) or await self._add(tx, command, command.reason)

    async def unsubscribe(self, tx: Transaction, command: Unsubscribe) -> Mapping[str, Any] | Problem:
        """Put an address on the list since its owner wants no more messages."""
        problem = neither_staff_nor_transport(command, self._composer.policy)
        return problem or await self._add(tx, command, "unsubscribed")

    async def unsuppress(self, tx: Transaction, command: UnsuppressAddress) -> Mapping[str, Any] | Problem:
        """Take an address off the list; what was suppressed before stays so until somebody asks for it again."""
        if problem := stranger(command, self._composer.policy):
            return problem
        address = await self._address(tx, command)
        if isinstance(address, Problem):
            return address
        gone = await suppressed.remove(tx.connection, self._composer.fingerprint(address))
        if gone is None:
            fault = Fault("address", "is not on the list")
            return refuse(NOT_FOUND, "not-suppressed", "The address is not suppressed", "Nothing to do.", (fault,))
        return {"channel": gone.channel, "to_masked": gone.to_masked, "reason": gone.reason}

    async def list(self, tx: Transaction, command: ListSuppressions) -> Mapping[str, Any] | Problem:
        """Return the list, the newest first."""
        if problem := stranger(command, self._composer.policy):
            return problem
        rows = await suppressed.newest(tx.connection, command.reason, command.limit)
        return {
            "suppressions": [
                {
                    "channel": row.channel,
                    "to_masked": row.to_masked,
                    "reason": row.reason,
                    "by": row.by,
                    "notification_id": row.notification_id,
                    "at": rfc3339(row.at),
                }
                for row in rows
            ]
        }

    async def _add(self, tx: Transaction, command: AddressCommand, reason: str) -> Mapping[str, Any] | Problem:
        address = await self._address(tx, command)
        if isinstance(address, Problem):
            return address
        row = {
            "fingerprint": self._composer.fingerprint(address),
            "channel": address.channel,
            "to_masked": mask(address.to),
            "reason": reason,
            "by": command.by,
            "notification_id": command.notification_id,
            "at": tx.now,
        }
        added = await suppressed.add(tx.connection, [row])
        return {"channel": address.channel, "to_masked": mask(address.to), "reason": reason, "added": bool(added)}

    async def _address(self, tx: Transaction, command: AddressCommand) -> Address | Problem:
        """Return the address that the command means, or why it means none."""
        if (command.address is None) == (command.notification_id is None):
            fault = Fault("address", "is to be given, or notification_id, and not both")
            return refuse(UNPROCESSABLE, "invalid", "One address is wanted", "Give it or name a message.", (fault,))
        if command.address is not None:
            channel = command.channel or ("email" if "@" in command.address else "sms")
            to = canonical(channel, command.address)
            if to is None:
                fault = Fault("address", f"is no address on the channel {channel}")
                return refuse(UNPROCESSABLE, "invalid", "The address is not valid", "Nothing has changed.", (fault,))
            return Address(channel, to)
        one = await queue.locked(tx.connection, command.notification_id or "")
        if one is None:
            return unknown_notification()
        ways = self._composer.ways(one)
        used = [way.address for way in ways if way.address.channel == one.channel] if isinstance(ways, tuple) else []
        if not used:
            fault = Fault("notification_id", "went to no address that is still known")
            return refuse(UNPROCESSABLE, "invalid", "The message has no address", "Give the address itself.", (fault,))
        return used[0]
