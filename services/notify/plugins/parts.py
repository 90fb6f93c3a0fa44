"""The parts of a message that providers with templates of their own want by name."""

from typing import Final

from services.notify.ports import Outbound

PARTS: Final = ("subject", "text", "work_order", "purpose", "notification_id")


def part_of(name: str, out: Outbound) -> str | None:
    """Return the part `name` of the message, empty where it has none; None where no part is called so."""
    match name:
        case "subject":
            return out.message.subject
        case "text":
            return out.message.text
        case "work_order":
            return out.work_order or ""
        case "purpose":
            return out.purpose
        case "notification_id":
            return out.message.notification_id
        case _:
            return None
