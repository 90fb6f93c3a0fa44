"""The calendar that ships with the policy keeps what every calendar promises."""

from datetime import date

from shared.policy import calendar_cn
from shared.testing.contracts import CalendarContract


class TestCn(CalendarContract):
    plugin = calendar_cn.plugin
    closed = (date(2026, 10, 1), date(2026, 2, 17))
    worked = (date(2026, 10, 10),)
