"""Asks the knowledge builder for a draft; where it fails, the built-in one writes it in its place (R-FB-04, ADR 0036).

So a closing never waits for a builder, and what a case teaches is not lost by one that fails.
"""

from typing import Final

import structlog

from services.feedback import store
from services.feedback.domain.case import Case
from services.feedback.domain.closed_case import ClosedCase, closed_case
from services.feedback.domain.customer import Customer
from services.feedback.domain.drafting import Draft, UnusableDraftError, proofread
from services.feedback.ports import KnowledgeBuilder
from shared import metrics
from shared.ids import derived_id
from shared.plugins.errors import PluginError
from shared.plugins.guard import Guard
from shared.plugins.words import told
from shared.policy import Policy

KIND: Final = "knowledge_builder"
LIMIT_SECONDS: Final = 2.0
"""A builder works inside the transaction that closes work orders."""

log = structlog.get_logger()


class Drafting:
    """Drafts what cases teach, by the builder that the policy names."""

    def __init__(self, policy: Policy, builder: KnowledgeBuilder, default: KnowledgeBuilder) -> None:
        self._policy = policy
        self._name = policy.feedback.knowledge.builder
        self._builder = builder
        self._default = default
        self._guard = Guard(KIND, self._name, limit_seconds=LIMIT_SECONDS)

    def drafted_of(self, case: Case, customer: Customer) -> store.Drafted | None:
        """Return what a case that is worth keeping teaches, under the id of its cycle.

        None where the contact left no text, or the builder wants no draft of it.
        """
        facts = closed_case(case, customer, self._policy)
        draft = self._draft(facts, customer) if facts is not None else None
        if facts is None or draft is None:
            return None
        entry_id = derived_id("knowledge", case.work_order_id, str(case.cycle))
        return store.Drafted(entry_id, case.work_order_id, draft)

    def _draft(self, facts: ClosedCase, customer: Customer) -> Draft | None:
        try:
            return self._proofread(self._guard.call(self._builder.draft, facts), facts, customer)
        except UnusableDraftError as error:
            metrics.PLUGIN_FAILURES.labels(KIND, self._name, "wrong").inc()
            why = str(error)
        except (Exception, SystemExit) as error:  # noqa: BLE001 (a stranger's plugin may raise anything)
            why = str(error) if isinstance(error, PluginError) else told(error)
        log.warning("knowledge builder failed, the default one drafts instead", plugin=self._name, why=why)
        return self._proofread(self._default.draft(facts), facts, customer)

    def _proofread(self, answer: object, facts: ClosedCase, customer: Customer) -> Draft | None:
        if answer is None:
            return None
        if not isinstance(answer, Draft):
            raise UnusableDraftError(f"it answered with a {type(answer).__name__}")
        return proofread(answer, facts.category, facts.scenario, customer, self._policy)
