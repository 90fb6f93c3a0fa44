"""The handlers of intake: a batch of raw contacts, and the messages that could not be read at all."""

from services.intake.handlers.contacts import Reception as Reception
from services.intake.handlers.rejections import on_rejected as on_rejected

__all__ = ["Reception", "on_rejected"]
