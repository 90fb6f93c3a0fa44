"""How dead letters are printed for somebody who was woken up for them."""

from collections.abc import Sequence
from dataclasses import asdict

from shared.cli.letter_groups import grouped
from shared.cli.letter_history import Act
from shared.cli.letters import Letter
from shared.cli.output import print_json, print_table, warn
from shared.times import rfc3339

NAMED = 20
"""Letters that are named one by one when something was done to them; more are counted."""
SUBJECTS = 3
DIGITS = 12


def print_letters(found: Sequence[Letter], limit: int, *, as_json: bool) -> None:
    """Print the latest `limit` letters, the oldest of them first; as JSON all of them."""
    if as_json:
        print_json([letter.to_json() for letter in found])
        return
    columns = ("id", "received", "state", "cause", "subject", "message", "reason")
    print_table(
        columns,
        [(x.id, rfc3339(x.received_at), x.state, x.cause, x.subject, x.message_id, x.reason) for x in found[-limit:]],
    )
    if len(found) > limit:
        warn(
            f"{len(found) - limit} older ones are not shown: see them with --limit {len(found)}, or by cause with --group"
        )


def print_groups(found: Sequence[Letter], *, as_json: bool) -> None:
    """Print one line for each cause, the most frequent first."""
    groups = grouped(found)
    if as_json:
        print_json([asdict(group) for group in groups])
        return
    columns = ("cause", "letters", "service", "first", "last", "example", "subjects", "reason")
    rows = [
        (x.cause, x.letters, x.service, rfc3339(x.first), rfc3339(x.last), x.example, _subjects(x.subjects), x.reason)
        for x in groups
    ]
    print_table(columns, rows)


def print_acts(found: Sequence[Act], *, as_json: bool) -> None:
    """Print the history, the latest act last; digests are cut, but not in JSON."""
    if as_json:
        print_json([act.to_json() for act in found])
        return
    columns = ("at", "by", "act", "letter", "before", "after", "chosen by", "note")
    rows = [(rfc3339(x.at), x.by, x.act, x.letter, x.before[:DIGITS], _after(x), x.selection, x.note) for x in found]
    print_table(columns, rows)


def print_done(ids: Sequence[str], done: str) -> None:
    """Print what was done to which."""
    if len(ids) > NAMED:
        print(f"{len(ids)} dead letters are {done}, {ids[0]} to {ids[-1]}")
        return
    for letter_id in ids:
        print(f"{letter_id} is {done}")


def _subjects(subjects: Sequence[str]) -> str:
    short = [subject.removeprefix("yingda.").removeprefix("event.") for subject in subjects[:SUBJECTS]]
    more = [f"and {len(subjects) - SUBJECTS} more"] if len(subjects) > SUBJECTS else []
    return ", ".join([*short, *more])


def _after(act: Act) -> str | None:
    if act.after is None:
        return None
    return "the same" if act.after == act.before else act.after[:DIGITS]
