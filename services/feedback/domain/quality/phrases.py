"""The policy's phrases as patterns that see through spaces, punctuation and modal particles inside them (R-FB-06)."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from services.feedback.domain.quality.plain import plain
from shared.policy.feedback import QualityPolicy, Wording

Kind = Literal["forbidden", "evasion"]

PARTICLES: Final = "啊呀嘛呢吧哦嗯啦哈哎唉喔呗"
_GAP: Final = rf"(?:[{PARTICLES}]?[^\w]{{0,3}})"
_PAUSE: Final = re.compile(r"[,.;:!?，。；：！？、…\n]")
_WORDS: Final = re.compile(r"[a-z']")
_AFTER_CALL: Final = rf"(?=$|[^\w]|[喂你您在听能请哪谁说有{PARTICLES}]|先生|女士|小姐|老板|师傅)"


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase of the policy with the pattern of everything that counts as it, and of what holds it harmlessly."""

    kind: Kind
    name: str
    pattern: re.Pattern[str]
    harmless: re.Pattern[str] | None


def phrases(policy: QualityPolicy) -> tuple[Phrase, ...]:
    """Return the phrases of the policy, the forbidden ones first."""
    kinds: list[tuple[Kind, str]] = [("forbidden", one) for one in policy.forbidden]
    kinds += [("evasion", one) for one in policy.evasions]
    return tuple(_phrase(kind, name, policy.wordings.get(name) or Wording()) for kind, name in kinds)


def falls_apart(found: str, rest: str) -> bool:
    """Return whether `found` is two clauses that only look like the phrase: 别急，什么情况 is no 急什么.

    A pause inside belongs to the phrase where nothing but a particle or another pause follows it.
    """
    return _PAUSE.search(found) is not None and re.match(rf"[{PARTICLES}]*(?:[^\w]|$)", rest) is None


def _phrase(kind: Kind, name: str, wording: Wording) -> Phrase:
    wordings = sorted({plain(one).text for one in (name, *wording.like)}, key=lambda one: (-len(one), one))
    harmless = "|".join(_spread(plain(one).text) for one in wording.not_in)
    return Phrase(
        kind,
        name,
        re.compile("|".join(_pattern(one) for one in wordings)),
        re.compile(harmless) if harmless else None,
    )


def _pattern(wording: str) -> str:
    if len(wording) == 1:  # a single character is a word of its own only where it calls out: 喂 is not 喂养
        return rf"(?<!\w)(?:{re.escape(wording)}[^\w]{{0,2}})*{re.escape(wording)}{_AFTER_CALL}"
    return _spread(wording)


def _spread(wording: str) -> str:
    """Return a pattern for `wording` with gaps between its characters, or between its words where it is English."""
    if _WORDS.match(wording):
        return r"(?<![a-z0-9])" + r"\W{1,3}".join(re.escape(word) for word in wording.split()) + r"(?![a-z0-9])"
    return _GAP.join(re.escape(one) for one in wording if not one.isspace())
