"""What routing does with a batch of events, a command, and the daily cut-off: load, decide, save."""

from services.routing.handlers.commands import Desk
from services.routing.handlers.distribution import Distribution
from services.routing.handlers.events import EventHandler
from services.routing.handlers.handover import HandOver
from services.routing.handlers.matters import MatterDesk
from services.routing.handlers.people import PeopleDesk

__all__ = ["Desk", "Distribution", "EventHandler", "HandOver", "MatterDesk", "PeopleDesk"]
