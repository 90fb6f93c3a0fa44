"""Dead letters that nobody needs, and those that somebody needs after all (R-IN-08)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bus.ordering import skip_version
from shared.cli.letter_history import Actor, Written, write
from shared.cli.letter_replay import CHUNK, Done
from shared.cli.letters import DISCARDED, OPEN, locked, mark, split_ids, tables_of


@dataclass(frozen=True, slots=True)
class _Act:
    name: str
    of: str
    """The state of the letters that it is done to."""
    makes: str
    left: str
    """What is said of a letter in another state."""


_DISCARD = _Act("discard", OPEN, DISCARDED, "{} already")
_REOPEN = _Act("reopen", DISCARDED, OPEN, "{}, not discarded")


async def discard_letters(engine: AsyncEngine, letter_ids: Sequence[str], reason: str, actor: Actor) -> Done:
    """Mark the letters as dealt with, for `reason`; those that are not open are left as they are.

    The later events of their work orders, which waited for them, go on without them.
    """
    return await _carry_out(engine, letter_ids, _DISCARD, reason, actor)


async def reopen_letters(engine: AsyncEngine, letter_ids: Sequence[str], reason: str, actor: Actor) -> Done:
    """Make discarded letters open again, for `reason`; those that are not discarded are left as they are.

    What went on without them stays as it is: a step of a work order that was given up is not made up for.
    """
    return await _carry_out(engine, letter_ids, _REOPEN, reason, actor)


async def _carry_out(engine: AsyncEngine, letter_ids: Sequence[str], act: _Act, reason: str, actor: Actor) -> Done:
    outcome = Done()
    for service, numbers in split_ids(letter_ids).items():
        for begin in range(0, len(numbers), CHUNK):
            async with engine.begin() as connection:
                tables = await tables_of(connection, service)
                found = await locked(connection, tables, service, numbers[begin : begin + CHUNK])
                wanted = [letter for letter in found if letter.state == act.of]
                await mark(
                    connection, tables, wanted, act.makes, actor.by, dict.fromkeys((x.id for x in wanted), reason)
                )
                if act is _DISCARD:
                    for letter in wanted:
                        await skip_version(connection, tables, letter.body)
                await write(connection, actor, [Written(act.name, letter, note=reason) for letter in wanted])
            outcome.done += [letter.id for letter in wanted]
            outcome.left |= {
                letter.id: f"the dead letter {letter.id} is {act.left.format(letter.state)}"
                for letter in found
                if letter not in wanted
            }
    return outcome
