"""Commands: JSON requests of desks and scripts, answered by the owning service after its commit (contract)."""

from shared.events.commands.agent import ListAgents, SetPresence
from shared.events.commands.base import COMMAND_SUBJECTS, Command, Problem, refuse
from shared.events.commands.callback import ListCallbacks, RecordCallback
from shared.events.commands.contact import CompleteContact, CountCalls, GetContact
from shared.events.commands.customer import GetCustomer, SearchCustomers
from shared.events.commands.knowledge import ReviewKnowledge, SearchKnowledge
from shared.events.commands.notification import ListNotifications, RetryNotification
from shared.events.commands.script import GetScript
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
    "CountCalls",
    "Deliver",
    "GetContact",
    "GetCustomer",
    "GetScript",
    "GetWorkorder",
    "Link",
    "ListAgents",
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
    "SearchCustomers",
    "SearchKnowledge",
    "SetPresence",
    "Sign",
    "Tag",
    "Transfer",
    "VerifyContact",
    "WorkorderCommand",
    "refuse",
]
