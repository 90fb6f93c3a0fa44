"""The policy: every figure and table of the service handbook as data that ops can edit, never as code.

    policy = load_policy(None)                                   # the packaged default; or the path of a policy file
    policy.target("first_response", "complaint", "urgent")       # Duration(600, "business"), or None: no such clock
    policy.department_for("complaint", "app_display")            # "network"
    due(occurred_at, duration, policy.calendar_of("market"))     # the deadline, in UTC

`load_policy` raises PolicyFileError with every fault and its line. A Policy is a frozen value: it may be kept, shared
and compared, and `policy.policy_version` names it in events. Nothing here asks the time.
"""

from shared.events.notification import Purpose
from shared.policy.base import Grade, Metric, Role, Text
from shared.policy.calendar import BusinessCalendar, CalendarData, HalfDay, NoOfficeTimeError, due
from shared.policy.calendars import Holiday
from shared.policy.categories import Category, Clocks, Script, Topic
from shared.policy.departments import Department, Staff
from shared.policy.durations import Duration
from shared.policy.errors import Fault, PolicyError, PolicyFileError, UnknownNameError
from shared.policy.hours import Hours
from shared.policy.loader import load_policy
from shared.policy.schema import Policy
from shared.policy.sla import BreachStep, Rung, WarningStep

__all__ = [
    "BreachStep",
    "BusinessCalendar",
    "CalendarData",
    "Category",
    "Clocks",
    "Department",
    "Duration",
    "Fault",
    "Grade",
    "HalfDay",
    "Holiday",
    "Hours",
    "Metric",
    "NoOfficeTimeError",
    "Policy",
    "PolicyError",
    "PolicyFileError",
    "Purpose",
    "Role",
    "Rung",
    "Script",
    "Staff",
    "Text",
    "Topic",
    "UnknownNameError",
    "WarningStep",
    "due",
    "load_policy",
]
