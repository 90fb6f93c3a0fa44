"""The handlers of intake: raw contacts, those that cannot be read or kept, and the commands."""

from services.intake.handlers.contacts import Reception as Reception
from services.intake.handlers.desk import Desk as Desk
from services.intake.handlers.erasure import Eraser as Eraser
from services.intake.handlers.rejections import on_rejected as on_rejected

__all__ = ["Desk", "Eraser", "Reception", "on_rejected"]
