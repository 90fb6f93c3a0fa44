"""Dead letters that nobody needs, and those that somebody needs after all (R-IN-08)."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bus.ordering import skip_version
from shared.cli.letter_history import Actor, Written, write
from shared.cli.letter_replay import CHUNK, Done
from shared.cli.letters import DISCARDED, OPEN, locked, mark, split_ids, tables_of


async def discard_letters(engine: AsyncEngine, letter_ids: Sequence[str], reason: str, actor: Actor) -> Done:
    """Mark the letters as dealt with, for `reason`; those that are not open are left as they are.

    The later events of their work orders, which waited for them, go on without them.
    """
    outcome = Done()
    for service, numbers in split_ids(letter_ids).items():
        for begin in range(0, len(numbers), CHUNK):
            async with engine.begin() as connection:
                tables = await tables_of(connection, service)
                found = await locked(connection, tables, service, numbers[begin : begin + CHUNK])
                wanted = [letter for letter in found if letter.state == OPEN]
                await mark(
                    connection, tables, wanted, DISCARDED, actor.by, dict.fromkeys((x.id for x in wanted), reason)
                )
                for letter in wanted:
                    await skip_version(connection, tables, letter.body)
                await write(connection, actor, [Written("discard", letter, note=reason) for letter in wanted])
            outcome.done += [letter.id for letter in wanted]
            outcome.left |= {
                letter.id: f"the dead letter {letter.id} is {letter.state} already"
                for letter in found
                if letter not in wanted
            }
    return outcome


async def reopen_letters(engine: AsyncEngine, letter_ids: Sequence[str], reason: str, actor: Actor) -> Done:
    """Make discarded letters open again, for `reason`; those that are not discarded are left as they are.

    What went on without them stays as it is: a step of a work order that was given up is not made up for.
    """
    outcome = Done()
    for service, numbers in split_ids(letter_ids).items():
        async with engine.begin() as connection:
            tables = await tables_of(connection, service)
            found = await locked(connection, tables, service, numbers)
            wanted = [letter for letter in found if letter.state == DISCARDED]
            await mark(connection, tables, wanted, OPEN, actor.by, dict.fromkeys((x.id for x in wanted), reason))
            await write(connection, actor, [Written("reopen", letter, note=reason) for letter in wanted])
        outcome.done += [letter.id for letter in wanted]
        outcome.left |= {
            letter.id: f"the dead letter {letter.id} is {letter.state}, not discarded"
            for letter in found
            if letter not in wanted
        }
    return outcome
