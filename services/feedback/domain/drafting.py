"""From a closed case with a good score to a draft of knowledge (R-FB-04)."""

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import Final

from services.feedback.domain.case import Case
from services.feedback.domain.customer import Customer
from services.feedback.domain.redact import MASKS, redact
from shared.policy import Policy

KEY_PHRASES: Final = 6
_LONGEST_PHRASE: Final = 10
_LONGEST_TEXT: Final = 100_000
_MOST_PHRASES: Final = 50
_BREAK: Final = re.compile(
    r"[^\w.-]+|[的了吗呢吧啊呀我你您他她它们就都也还很和与及或被把给让请要想这那个]"
    r"|请问|您好|你好|怎么办|怎么|如何|什么|可以|能不能|是否|需要|希望|要求|已经|现在|因为|所以|但是|如果|谢谢|客户|来电|反映"
)
_EMPTY_PHRASE: Final = re.compile(r"[\d._-]+|[a-z]{1,2}|.", re.IGNORECASE)
_EMPTY_EN: Final = frozenset(
    [
        "and",
        "are",
        "but",
        "for",
        "has",
        "have",
        "how",
        "its",
        "not",
        "our",
        "please",
        "that",
        "the",
        "then",
        "this",
        "was",
        "were",
        "what",
        "when",
        "why",
        "will",
        "with",
        "you",
        "your",
    ]
)


class UnusableDraftError(ValueError):
    """The draft cannot be used."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a case teaches, without personal data; category and scenario are the case's own where they are left out."""

    problem: str
    solution: str
    key_phrases: tuple[str, ...] = ()
    category: str = ""
    scenario: str = ""


def worth_keeping(case: Case, policy: Policy) -> bool:
    """Return whether a closed case may become knowledge: solved, with a good score, and with a solution on record."""
    return (
        case.status == "closed"
        and case.outcome == "resolved"
        and case.solved is True
        and case.score is not None
        and case.score >= policy.feedback.good_score
        and bool(case.resolution.strip())
    )


def confirmed_in_writing(case: Case) -> Case:
    """Return the case after the answer of its survey (R-FB-04).

    What was closed as pending, since nobody had answered, is solved once the customer says so.
    """
    return replace(case, outcome="resolved") if case.outcome == "pending" and case.solved is True else case


def scenario_of(case: Case, locale: str, policy: Policy) -> str:
    """Return when a case like this occurs, in the customer's language: category, topic and grade by their names."""
    category = policy.categories.get(case.category)
    if category is None:
        return case.category
    names = [category.name.in_locale(locale)]
    topic = category.topics.get(case.topic) if case.topic else None
    if topic is not None:
        names.append(topic.name.in_locale(locale))
    return " · ".join([*names, policy.grades[case.grade].in_locale(locale)])


def proofread(draft: Draft, category: str, scenario: str, customer: Customer, policy: Policy) -> Draft:
    """Return a builder's draft as it is kept: complete, within limits, and without personal data, whatever it wrote.

    UnusableDraftError where it has no problem or no solution, or is of a category that the policy does not have.
    """
    texts = (draft.problem, draft.solution, draft.scenario, draft.category, *draft.key_phrases)
    if not all(isinstance(text, str) for text in texts):
        raise UnusableDraftError("it holds something that is no text")
    problem, solution, named = (
        redact(text, customer).strip() for text in (draft.problem, draft.solution, draft.scenario)
    )
    if not problem or not solution:
        raise UnusableDraftError("it has no problem or no solution")
    if max(len(problem), len(solution), len(named)) > _LONGEST_TEXT or len(draft.key_phrases) > _MOST_PHRASES:
        raise UnusableDraftError("it is too long")
    if draft.category and draft.category not in policy.categories:
        raise UnusableDraftError("it is of an unknown category")
    phrases = tuple(redact(phrase, customer).strip() for phrase in draft.key_phrases if phrase.strip())
    return Draft(problem, solution, phrases, draft.category or category, named or scenario)


def key_phrases(problem: str, solution: str) -> tuple[str, ...]:
    """Return the few phrases that say what the case is about: those told often, then the longer ones, then in order."""
    told = [chunk for chunk in (*chunks(problem), *chunks(solution)) if len(chunk) <= _LONGEST_PHRASE]
    often = Counter(told)
    place = {chunk: place for place, chunk in reversed(list(enumerate(told)))}
    ranked = sorted(often, key=lambda chunk: (-often[chunk], -min(len(chunk), 6), place[chunk]))
    return tuple(ranked[:KEY_PHRASES])


def chunks(text: str) -> list[str]:
    """Return the pieces of `text` between its punctuation and the words that say nothing, in order, without masks."""
    for mask in MASKS:
        text = text.replace(mask, " ")
    return [
        chunk
        for part in _BREAK.split(text)
        if (chunk := part.strip(".-_").lower()) and chunk not in _EMPTY_EN and not _EMPTY_PHRASE.fullmatch(chunk)
    ]
