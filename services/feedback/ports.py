"""What feedback takes from outside its rules: scripts, and builders of knowledge (R-FB-04).

A builder is registered in the entry point group `yingda.knowledge_builders` as a `Plugin` whose `build` takes a `Setup`;
the policy names the one in use (`feedback.knowledge.builder`).
"""

from typing import Protocol, runtime_checkable

from services.feedback.domain.closed_case import ClosedCase as ClosedCase
from services.feedback.domain.drafting import Draft as Draft
from services.feedback.domain.drafting import key_phrases as key_phrases


class ScriptSource(Protocol):
    """Where the texts of callback scripts come from."""

    def text(self, language: str, script: str) -> str:
        """Return the script in `language` (`zh` or `en`) with its `{places}`; KeyError where there is none."""


@runtime_checkable
class KnowledgeBuilder(Protocol):
    """Decides what of a case that was closed well becomes a draft of knowledge, which a supervisor then reviews."""

    def draft(self, case: ClosedCase) -> Draft | None:
        """Return the draft, or None where the case teaches nothing.

        Within two seconds: it is called in the transaction that closes the work order, so it asks no server and no slow
        model. Whatever it raises, and an answer that cannot be used, leads to the draft of the built-in builder.
        """
        ...
