"""The handlers of intake: raw contacts, the messages that could not be read at all, and the commands of the desk."""

from services.intake.handlers.contacts import Reception as Reception
from services.intake.handlers.desk import Desk as Desk
from services.intake.handlers.rejections import on_rejected as on_rejected

__all__ = ["Desk", "Reception", "on_rejected"]
