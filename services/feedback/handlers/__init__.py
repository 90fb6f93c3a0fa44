"""What feedback does with a batch of events, and with each of its commands."""

from services.feedback.handlers.callbacks import CallbackDesk
from services.feedback.handlers.events import EventHandler
from services.feedback.handlers.knowledge import KnowledgeDesk
from services.feedback.handlers.quality import QualityDesk, QualityEar
from services.feedback.handlers.scripts import ScriptDesk
from services.feedback.handlers.survey_page import SurveyPage
from services.feedback.handlers.survey_view import SurveyView
from services.feedback.handlers.surveys import SurveyDesk

__all__ = [
    "CallbackDesk",
    "EventHandler",
    "KnowledgeDesk",
    "QualityDesk",
    "QualityEar",
    "ScriptDesk",
    "SurveyDesk",
    "SurveyPage",
    "SurveyView",
]
