"""The knowledge builder `default`: the customer's problem and the result on record, in their own words (R-FB-04)."""

from services.feedback.ports import ClosedCase, Draft, key_phrases
from shared.plugins import Plugin


class CaseAsItWas:
    """Drafts every case that it is shown."""

    def draft(self, case: ClosedCase) -> Draft:
        """Return problem and solution as they are told, with the phrases that say what they are about."""
        return Draft(case.problem, case.solution, key_phrases(case.problem, case.solution))


plugin = Plugin(
    kind="knowledge_builder",
    name="default",
    api=1,
    summary="Problem and solution in their own words",
    build=lambda _setup: CaseAsItWas(),
)
