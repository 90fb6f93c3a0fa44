"""The dead letters by cause: how many, since when, and one to look at."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.cli.letter_cause import pattern_of
from shared.cli.letters import Letter


@dataclass(frozen=True, slots=True)
class Group:
    """The dead letters of one fault in one service."""

    cause: str
    """Short and the same on every machine: `--cause` takes it."""
    service: str
    reason: str
    """Word for word where all say the same, else with `#` for what differs."""
    letters: int
    first: datetime
    last: datetime
    example: str
    """The id of the latest."""
    subjects: tuple[str, ...]


def grouped(letters: Iterable[Letter]) -> list[Group]:
    """Return the groups of `letters`, the largest first."""
    by_cause: dict[str, list[Letter]] = {}
    for letter in letters:
        by_cause.setdefault(letter.cause, []).append(letter)
    groups = [_group(cause, members) for cause, members in by_cause.items()]
    return sorted(groups, key=lambda group: (-group.letters, group.first))


def _group(cause: str, members: list[Letter]) -> Group:
    reasons = {letter.reason for letter in members}
    latest = max(members, key=lambda letter: letter.received_at)
    return Group(
        cause=cause,
        service=latest.service,
        reason=latest.reason if len(reasons) == 1 else pattern_of(latest.reason),
        letters=len(members),
        first=min(letter.received_at for letter in members),
        last=latest.received_at,
        example=latest.id,
        subjects=tuple(sorted({letter.subject for letter in members})),
    )
