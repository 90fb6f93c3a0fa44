"""Reports 报告: published for a period under a URI."""

from typing import ClassVar

from shared.events.base import Event, Moment


class ReportPublished(Event):
    """A report (`weekly`, `monthly`) of one period, local midnight to midnight, can be read at `uri` (R-FB-05)."""

    TYPE: ClassVar[str] = "yingda.report.published.v1"

    report: str
    period_start: Moment
    period_end: Moment
    uri: str
