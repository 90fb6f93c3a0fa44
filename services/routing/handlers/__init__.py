"""What routing does with a batch of events, a command, and the daily cut-off: load, decide, save."""

from services.routing.handlers.commands import Desk
from services.routing.handlers.events import EventHandler
from services.routing.handlers.handover import HandOver

__all__ = ["Desk", "EventHandler", "HandOver"]
