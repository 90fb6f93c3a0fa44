"""Surveys 满意度调查: what a customer who was not reached is asked in writing (R-FB-01, R-FB-02)."""

from typing import ClassVar

from shared.events.base import Event, Moment


class SurveyIssued(Event):
    """A survey waits for the customer until `expires_at`; its link follows from the id and the house's key alone."""

    TYPE: ClassVar[str] = "yingda.survey.issued.v1"

    survey_id: str
    callback_id: str
    work_order_id: str
    number: str
    cycle: int
    department: str
    expires_at: Moment
    at: Moment
