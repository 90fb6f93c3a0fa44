"""Commands: JSON requests of desks and scripts, answered by the owning service after its commit (contract)."""

from shared.events.commands.agent import ListAgents, SetPresence
from shared.events.commands.base import COMMAND_SUBJECTS, Command, Problem, refuse
from shared.events.commands.callback import ListCallbacks, RecordCallback
from shared.events.commands.contact import CompleteContact, CountCalls, GetContact
from shared.events.commands.customer import GetCustomer, SearchCustomers
from shared.events.commands.knowledge import (
    GetKnowledge,
    ListKnowledge,
    RateKnowledge,
    ReviewKnowledge,
    SearchKnowledge,
    SuggestKnowledge,
)
from shared.events.commands.notification import ListNotifications, RetryNotification
from shared.events.commands.quality import CheckText, ListReviews, QualityResults, ScoreReview
from shared.events.commands.report import ListReports, MakeReport
from shared.events.commands.script import GetScript
from shared.events.commands.sla import ListClocks, RebaseClocks
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
    "CheckText",
    "Classify",
    "Collaborate",
    "Command",
    "CompleteContact",
    "Confirm",
    "CountCalls",
    "Deliver",
    "GetContact",
    "GetCustomer",
    "GetKnowledge",
    "GetScript",
    "GetWorkorder",
    "Link",
    "ListAgents",
    "ListCallbacks",
    "ListClocks",
    "ListKnowledge",
    "ListNotifications",
    "ListReports",
    "ListReviews",
    "ListWorkorders",
    "MakeReport",
    "Merge",
    "Pause",
    "Problem",
    "Promise",
    "QualityResults",
    "RateKnowledge",
    "RebaseClocks",
    "RecordCallback",
    "Reopen",
    "Resolve",
    "Respond",
    "Resume",
    "RetryNotification",
    "ReviewKnowledge",
    "ScoreReview",
    "SearchCustomers",
    "SearchKnowledge",
    "SetPresence",
    "Sign",
    "SuggestKnowledge",
    "Tag",
    "Transfer",
    "VerifyContact",
    "WorkorderCommand",
    "refuse",
]
