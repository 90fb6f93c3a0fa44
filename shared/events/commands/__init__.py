"""Commands: JSON requests of desks and scripts, answered by the owning service after its commit (contract)."""

from shared.events.commands.agent import SetPresence
from shared.events.commands.base import COMMAND_SUBJECTS, Command, Problem, refuse
from shared.events.commands.callback import ListCallbacks, RecordCallback
from shared.events.commands.contact import CompleteContact
from shared.events.commands.knowledge import ReviewKnowledge, SearchKnowledge
from shared.events.commands.notification import ListNotifications, RetryNotification
from shared.events.commands.workorder import (
    Assign,
    Cancel,
    Classify,
    Collaborate,
    Confirm,
    Deliver,
    GetWorkorder,
    Link,
    ListWorkorders,
    Merge,
    Pause,
    Promise,
    Reopen,
    Resolve,
    Respond,
    Resume,
    Sign,
    Tag,
    Transfer,
    VerifyContact,
    WorkorderCommand,
)

__all__ = [
    "COMMAND_SUBJECTS",
    "Assign",
    "Cancel",
    "Classify",
    "Collaborate",
    "Command",
    "CompleteContact",
    "Confirm",
    "Deliver",
    "GetWorkorder",
    "Link",
    "ListCallbacks",
    "ListNotifications",
    "ListWorkorders",
    "Merge",
    "Pause",
    "Problem",
    "Promise",
    "RecordCallback",
    "Reopen",
    "Resolve",
    "Respond",
    "Resume",
    "RetryNotification",
    "ReviewKnowledge",
    "SearchKnowledge",
    "SetPresence",
    "Sign",
    "Tag",
    "Transfer",
    "VerifyContact",
    "WorkorderCommand",
    "refuse",
]
