"""R-RT-06 and R-RT-07 as properties: any person, any command, any event, in any order."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.routing.domain.automatic import after_callback, after_escalation
from services.routing.domain.gate import unverified
from services.routing.domain.lifecycle import LIFECYCLE, decide
from services.routing.domain.workorder import ENDED, LIVE, OPEN, SYSTEM, Decided, Ignored, Refusal, WorkOrder
from shared.events import (
    CallbackCompleted,
    Status,
    WorkorderAssigned,
    WorkorderConfirmed,
    WorkorderDelivered,
    WorkorderLinked,
    WorkorderSigned,
    WorkorderStep,
    WorkorderTagged,
)
from shared.events.commands import (
    Assign,
    Cancel,
    Classify,
    Collaborate,
    Confirm,
    Deliver,
    Link,
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
from tests.examples import examples
from tests.unit.routing.orders import IDENTITY, MATTER, NOW, OTHER, POLICY, TASK, ask, escalation, order, take

PEOPLE = st.sampled_from([*POLICY.staff_directory, "a-stranger"])
DEPARTMENTS = st.sampled_from([*POLICY.departments, "nowhere"])
REASONS = st.sampled_from(["因为如此", "  ", None])
WORDS = st.sampled_from(["因为如此", "  "])
MOMENTS = st.sampled_from([NOW - timedelta(hours=1), NOW, NOW + timedelta(hours=1)])
CATEGORIES = st.sampled_from([*POLICY.categories, "nonsense"])
TOPICS = st.sampled_from([None, "product", "app_display", "medical", "nonsense"])
TAGS = st.lists(st.sampled_from(["投诉-物流延迟", "投诉-退款", " "]), max_size=2)
OUTCOMES = st.sampled_from(["resolved", "pending", "transferred", "unresolvable"])

CONTENT: dict[type[WorkorderCommand], dict[str, st.SearchStrategy[Any]]] = {
    Respond: {"text": WORDS, "audience": st.sampled_from(["customer", "staff"])},
    Resolve: {"outcome": OUTCOMES, "text": WORDS},
    Sign: {"approve": st.booleans(), "reason": REASONS},
    Confirm: {},
    Transfer: {"department": DEPARTMENTS, "reason": WORDS},
    Pause: {"reason": WORDS},
    Resume: {"reason": REASONS},
    Promise: {"at": MOMENTS, "text": WORDS},
    Collaborate: {"department": DEPARTMENTS, "deliverable": WORDS, "due_at": MOMENTS},
    Classify: {"category": CATEGORIES, "topic": TOPICS},
    Reopen: {"reason": REASONS},
    Cancel: {"reason": WORDS},
    VerifyContact: {
        "name": st.sampled_from(["王芳", "李强"]),
        "phone": st.sampled_from([None, "+86 138 0013 8000", "13900000000"]),
        "order_no": st.sampled_from([None, "a-1", "a-2"]),
    },
    Link: {"other_work_order_id": st.just("w-2"), "reason": REASONS},
    Merge: {"into_work_order_id": st.just("w-2"), "reason": WORDS},
    Tag: {"add": TAGS, "remove": TAGS},
    Deliver: {"collaboration_id": st.just("w-1.2"), "text": WORDS, "declined": st.booleans()},
    Assign: {"assignee": PEOPLE, "reason": REASONS},
}
COMMANDS = st.sampled_from(sorted(CONTENT, key=lambda model: model.__name__)).flatmap(
    lambda model: st.fixed_dictionaries(CONTENT[model]).map(lambda content: (model, content))
)
HELPFUL: list[tuple[type[WorkorderCommand], dict[str, Any]]] = [
    (Sign, {"approve": True}),
    (Confirm, {}),
    (Resolve, {"text": "好"}),
    (Sign, {"approve": False, "reason": "不完整"}),
    (Respond, {"text": "好"}),
    (Pause, {"reason": "等客户"}),
    (Resume, {}),
    (Reopen, {}),
    (Transfer, {"department": "network", "reason": "归网络部"}),
    (Transfer, {"department": "service", "reason": "客服处理"}),
    (Classify, {"category": "info_change", "topic": None}),
    (Classify, {"category": "complaint", "topic": "product"}),
    (Collaborate, {"department": "technical", "deliverable": "检测", "due_at": NOW + timedelta(hours=1)}),
    (Cancel, {"reason": "重复"}),
    (VerifyContact, {"name": "王 芳", "order_no": "A1"}),
    (Link, {"other_work_order_id": "w-2"}),
    (Tag, {"add": ["投诉-物流延迟"]}),
    (Assign, {"assignee": "market-2"}),
    (Merge, {"into_work_order_id": "w-2", "reason": "同一件事"}),
]


def test_every_command_has_its_line() -> None:
    """R-RT-06: the table is complete, and the properties below try all of it."""
    assert set(CONTENT) == set(LIFECYCLE)


class Life(RuleBasedStateMachine):
    """One work order under whatever anybody asks; `self.before` is compared after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.state = order()
        self.other = OTHER
        self.events: list[WorkorderStep] = []

    @initialize(
        category=st.sampled_from(["after_sales", "info_change"]),
        triage=st.booleans(),
        other=st.sampled_from(["opened", "paused", "signed", "closed", "cancelled", "merged"]),
    )
    def open(self, category: str, triage: bool, other: Status) -> None:
        self.other = OTHER.next(status=other)
        entry = POLICY.category(category)
        self.state = order(
            category=category,
            topic=None,
            department="service" if triage else entry.department,
            queue="triage" if triage else "department",
            confirmation_required=entry.confirmation,
            verification_reasons=("category",) if entry.sensitive_request else (),
        )

    @rule(asked=COMMANDS, by=PEOPLE)
    def anybody_asks_anything(self, asked: tuple[type[WorkorderCommand], dict[str, Any]], by: str) -> None:
        self._ask(*asked, by)

    @precondition(lambda self: self.state.status != "merged")
    @rule(data=st.data())
    def somebody_fitting_asks(self, data: st.DataObject) -> None:
        """Most of what anybody asks is refused; this one leads on, so that every corner of the life is reached."""
        fitting = [asked for asked in HELPFUL if self.state.status in LIFECYCLE[asked[0]].legal]
        model, content = data.draw(st.sampled_from(fitting))
        home = "service" if model is Confirm else self.state.department
        roles = ["supervisor"] if model is Sign else ["1", "supervisor"]
        self._ask(model, content, f"{home}-{data.draw(st.sampled_from(roles))}")

    @precondition(lambda self: self.state.status in {"opened", "responded", "resolved", "signed", "confirmed"})
    @rule()
    def the_main_line_goes_on(self) -> None:
        """R-RT-06: from any status of the main line the next one is reached, until the work order is closed."""
        before = self.state
        if before.status == "resolved":
            signer = f"{before.department}-supervisor"
            self._ask(Sign, {"approve": True}, signer)
            assert (self.state.status == "signed") == (before.resolved_by != signer)
            if before.resolved_by == signer:  # the only supervisor: there is still a way on (docs/adr/0016)
                self._ask(Sign, {"approve": True}, POLICY.head_of(before.department).id)
                assert self.state.status == "signed"
        elif before.status == "signed" and before.confirmation_required:
            self._ask(Confirm, {}, "service-2")
            assert (self.state.status == "confirmed") == (before.resolved_by != "service-2")
        elif before.status in {"signed", "confirmed"}:
            self._end_callback(reopen=False, outcome="reached", kind="callback", late=False)
            assert self.state.status == "closed"
        else:
            if unverified(before):
                self._ask(Resolve, {"text": "好"}, f"{before.department}-1")
                assert self.state == before
                self._ask(VerifyContact, {"name": "王芳", "phone": "13800138000"}, "service-1")
            self._ask(Resolve, {"text": "好"}, f"{before.department}-1")
            assert self.state.status == "resolved"

    @precondition(lambda self: self.state.status in {"resolved", "signed", "confirmed", "closed", "cancelled"})
    @rule(
        reopen=st.booleans(),
        outcome=st.sampled_from(["reached", "no_answer", "refused"]),
        kind=st.sampled_from(["callback", "supervisor_contact"]),
        late=st.booleans(),
    )
    def a_callback_ends(self, reopen: bool, outcome: Any, kind: Any, late: bool) -> None:
        self._end_callback(reopen=reopen, outcome=outcome, kind=kind, late=late)

    def _end_callback(self, *, reopen: bool, outcome: Any, kind: Any, late: bool) -> None:
        before = self.state
        event = CallbackCompleted(
            callback_id="cb",
            work_order_id="w-1",
            number=before.number,
            kind=kind,
            cycle=before.cycle + 1 if late and before.cycle == 1 else before.cycle - late,
            department=before.department,
            outcome=outcome,
            reopen=reopen,
            second_contact=False,
            by="service-1",
            at=NOW,
            due_at=NOW,
        )
        decision = after_callback(before, event)
        if isinstance(decision, Ignored):
            assert decision.why
            return
        assert event.cycle == before.cycle
        assert before.status in {"signed", "confirmed", "closed"}
        assert not (before.confirmation_required and before.status == "signed")
        assert decision.work_order.status == ("opened" if reopen else "closed")
        self._accept(before, decision)

    @precondition(lambda self: self.state.version % 5 == 0)
    @rule(step=st.sampled_from(["assignee", "supervisor", "head", "manager"]))
    def a_deadline_is_missed(self, step: Any) -> None:
        before = self.state
        decision = after_escalation(before, escalation(step), POLICY)
        assert isinstance(decision, Ignored) == (before.status in ENDED)
        if isinstance(decision, Decided):
            assert decision.work_order.status == before.status
            self._accept(before, decision)

    def _ask(self, model: type[WorkorderCommand], content: dict[str, Any], by: str) -> None:
        before = self.state
        decision = decide(
            before,
            ask(model, by, **content),
            POLICY,
            NOW,
            MATTER,
            other=self.other,
            identity=IDENTITY,
            collaboration=TASK,
        )
        legal = before.status in LIFECYCLE[model].legal
        if isinstance(decision, Refusal):
            assert decision.status in {403, 409, 422}
            assert decision.detail.endswith(".")
            assert before == self.state  # an illegal step changes nothing
            if not legal and decision.status != 403:
                assert decision.kind == "illegal-step"
                assert before.status in decision.detail
            if decision.kind == "not-verified":
                assert model is Resolve
            if model is Resolve and legal and decision.status != 403:
                unexplained = content.get("outcome", "resolved") != "resolved" and not content["text"].strip()
                handed_on = POLICY.category(before.category).hand_on
                assert unverified(before) is not None or unexplained or handed_on not in {None, before.department}
            return
        assert legal
        if model is Resolve:
            assert before.verified or not before.verification_reasons  # R-IN-05
        self._check_caller(before, decision, by)
        self._check_beside(model, decision)
        self._accept(before, decision)

    def _check_caller(self, before: WorkOrder, decision: Decided, by: str) -> None:
        staff = POLICY.staff(by)
        assert staff is not None
        for event in decision.events:
            assert event.by == by or (event.by == SYSTEM and isinstance(event, WorkorderTagged))
            assert event.at == NOW
            if isinstance(event, WorkorderSigned):
                supervisor = POLICY.supervisor_of(before.department).id
                stands_in = POLICY.head_of(before.department).id
                assert by == (stands_in if before.resolved_by == supervisor else supervisor)
                assert before.resolved_by != by
            if isinstance(event, WorkorderDelivered):
                assert staff.department == TASK.with_department
            if isinstance(event, WorkorderAssigned):
                assert before.department == staff.department or staff.role == "manager"
                assert POLICY.staff(event.assignee) in POLICY.members(before.department)
            if isinstance(event, WorkorderConfirmed):
                assert staff.department == "service"
                assert before.resolved_by != by

    def _check_beside(self, model: type[WorkorderCommand], decision: Decided) -> None:
        """R-IN-06, R-RT-06: a link is known on both sides, and only what goes on takes another one in."""
        if not issubclass(model, Link | Merge):
            assert decision.beside is None
            return
        assert decision.beside is not None
        there, (event,) = decision.beside.work_order, decision.beside.events
        assert (there.version, event.version) == (self.other.version + 1, self.other.version + 1)
        assert (there.status, there.cycle) == (self.other.status, self.other.cycle)
        assert "w-1" in there.links
        assert "w-2" in decision.work_order.links
        if model is Merge:
            assert (decision.work_order.status, decision.work_order.merged_into) == ("merged", "w-2")
            assert self.other.status in LIVE
        self.other = there

    def _accept(self, before: WorkOrder, decision: Decided) -> None:
        after = decision.work_order
        versions = [event.version for event in decision.events]
        assert versions == list(range(before.version + 1, before.version + 1 + len(versions)))
        assert versions
        assert after.version == versions[-1]
        last = decision.events[-1]
        assert (last.status, last.cycle, last.department) == (after.status, after.cycle, after.department)
        assert after.cycle - before.cycle == (last.TYPE == "yingda.workorder.reopened.v1")
        assert before.status != "merged"  # nothing follows
        if before.status in ENDED and not isinstance(last, WorkorderTagged | WorkorderLinked):
            assert after.status == "opened"
            assert after.cycle == before.cycle + 1
        assert after.verified >= before.verified
        assert (after.id, after.number, after.contact_id) == (before.id, before.number, before.contact_id)
        self.events += decision.events
        self.state = after

    @invariant()
    def the_state_hangs_together(self) -> None:
        state = self.state
        assert state.version == 1 + len(self.events)
        assert state.department in POLICY.departments
        assert (state.before is not None) == (state.status in {"paused", "resolved"})
        assert state.before in {None, "opened", "responded"}
        if state.status in OPEN:
            assert (state.outcome, state.resolved_by) == (None, None)
        if state.status in {"resolved", "signed", "confirmed", "closed"}:
            assert state.outcome is not None
            assert state.resolved_by is not None
        if state.status == "confirmed":
            assert state.confirmation_required


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=examples(120), stateful_step_count=40, deadline=None)


@given(by=PEOPLE.filter(lambda one: one != "a-stranger"), asked=COMMANDS)
@settings(max_examples=examples(200), deadline=None)
def test_a_stranger_may_do_nothing_and_everybody_gets_one_answer(
    by: str, asked: tuple[type[WorkorderCommand], dict[str, Any]]
) -> None:
    """R-RT-07: deciding is a function: the same question has the same answer; strangers are refused whatever they ask."""
    model, content = asked
    first, second = (take(order(), model, by, **content) for _ in range(2))
    assert first == second
    answer = take(order(), model, "a-stranger", **content)
    assert isinstance(answer, Refusal)
    assert answer.kind == "not-staff"
