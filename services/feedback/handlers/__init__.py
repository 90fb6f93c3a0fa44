"""What feedback does with a batch of events, and with each of its commands."""

from services.feedback.handlers.callbacks import CallbackDesk
from services.feedback.handlers.events import EventHandler
from services.feedback.handlers.knowledge import KnowledgeDesk
from services.feedback.handlers.scripts import ScriptDesk

__all__ = ["CallbackDesk", "EventHandler", "KnowledgeDesk", "ScriptDesk"]
