"""What notify does: events into the queue, the queue to the transports, and what operators ask for."""

from services.notify.handlers.commands import Desk
from services.notify.handlers.events import EventHandler
from services.notify.handlers.sender import Sender

__all__ = ["Desk", "EventHandler", "Sender"]
