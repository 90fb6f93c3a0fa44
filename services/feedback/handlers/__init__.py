"""What feedback does with a batch of events, and with each of its commands."""

from services.feedback.handlers.callbacks import CallbackDesk
from services.feedback.handlers.customers import CustomerDesk
from services.feedback.handlers.events import EventHandler
from services.feedback.handlers.facts import FactKeeper
from services.feedback.handlers.knowledge import KnowledgeDesk
from services.feedback.handlers.quality import QualityDesk, QualityEar
from services.feedback.handlers.reports import ReportDesk, ReportPress
from services.feedback.handlers.scripts import ScriptDesk
from services.feedback.handlers.survey_page import SurveyPage
from services.feedback.handlers.survey_view import SurveyView
from services.feedback.handlers.surveys import SurveyDesk

__all__ = [
    "CallbackDesk",
    "CustomerDesk",
    "EventHandler",
    "FactKeeper",
    "KnowledgeDesk",
    "QualityDesk",
    "QualityEar",
    "ReportDesk",
    "ReportPress",
    "ScriptDesk",
    "SurveyDesk",
    "SurveyPage",
    "SurveyView",
]
