"""Publishing dead letters again: many at once, in their order, each act in the history (R-IN-08)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nats.aio.client import Client
from sqlalchemy import ColumnElement, delete, literal_column, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.bus.publish import Outgoing, Publisher, PublishError
from shared.bus.tables import RuntimeTables
from shared.cli.errors import CliError
from shared.cli.letter_history import Actor, Written, write
from shared.cli.letters import DISCARDED, OPEN, REPLAYED, Letter, locked, mark, split_ids, tables_of

EDITED = "with an edited body"
CHUNK = 100
CHUNK_BYTES = 8_000_000


@dataclass(slots=True)
class Done:
    """What came of an act on many letters: those it was done to, and why it was not to the others."""

    done: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)


async def replay_letter(engine: AsyncEngine, client: Client, letter_id: str, body: bytes | None, by: str) -> None:
    """Publish one letter again, with `body` instead of its own if given; `CliError` where it is discarded.

    It reaches its consumers also within the server's duplicate window; where it has had its effect already, it has
    none. A letter whose publishing fails stays open.
    """
    bodies = {} if body is None else {letter_id: body}
    outcome = await replay_letters(engine, client, [letter_id], Actor(by), bodies=bodies, again=True)
    for reason in outcome.left.values():
        raise CliError(reason)


async def replay_letters(
    engine: AsyncEngine,
    client: Client,
    letter_ids: Sequence[str],
    actor: Actor,
    *,
    bodies: Mapping[str, bytes] | None = None,
    again: bool = False,
) -> Done:
    """Publish the letters again in their order, those in `bodies` with a corrected body.

    Discarded ones are left out, also those that were replayed with a corrected body that is not given again, and with
    `again` off all that are not open any more: somebody else was faster.
    `CliError` where the server did not take them; what was published until then is marked, the rest stays open.
    """
    outcome = Done()
    for service, numbers in split_ids(letter_ids).items():
        for begin in range(0, len(numbers), CHUNK):
            chunk = numbers[begin : begin + CHUNK]
            async with engine.begin() as connection:
                tables = await tables_of(connection, service)
                found = await locked(connection, tables, service, chunk)
                wanted = _wanted(found, outcome, bodies or {}, again=again)
                times = await _prepare(connection, tables, wanted, actor, bodies or {})
            for part in _parts(wanted):
                await _publish(engine, client, part, times, actor, bodies or {}, len(outcome.done))
                outcome.done += [letter.id for letter in part]
    return outcome


def _wanted(found: Sequence[Letter], outcome: Done, bodies: Mapping[str, bytes], *, again: bool) -> list[Letter]:
    wanted: list[Letter] = []
    for letter in found:
        if letter.state == DISCARDED:
            outcome.left[letter.id] = (
                f"the dead letter {letter.id} was discarded by {letter.acted_by}: {letter.note} "
                f"(`yingda dlq reopen {letter.id}` undoes that)"
            )
        elif letter.state != OPEN and not again:
            outcome.left[letter.id] = f"the dead letter {letter.id} is {letter.state} already"
        elif letter.state == REPLAYED and letter.note == EDITED and letter.id not in bodies:
            outcome.left[letter.id] = (
                f"the dead letter {letter.id} was replayed with an edited body: give that again, with --edit or --from; "
                "the kept one would fail as before"
            )
        else:
            wanted.append(letter)
    return wanted


async def _prepare(
    connection: AsyncConnection,
    tables: RuntimeTables,
    wanted: Sequence[Letter],
    actor: Actor,
    bodies: Mapping[str, bytes],
) -> dict[str, int]:
    """Count the replays, note them in the history, and let the inbox take the messages again; return the counts.

    A handler that rejects a message has noted it in the inbox, in the same transaction as the letter. That row (and no
    other: one of another transaction tells of an effect) must go, or the corrected message would be dropped.
    """
    if not wanted:
        return {}
    letters, inbox = tables.dead_letters, tables.inbox
    written_by: ColumnElement[str] = literal_column("xmin::text")
    pairs = [(letter.message_id, letter.written_by) for letter in wanted if letter.message_id is not None]
    await connection.execute(delete(inbox).where(tuple_(inbox.c.message_id, written_by).in_(pairs)))
    numbers = [letter.number for letter in wanted]
    counted = await connection.execute(
        update(letters)
        .where(letters.c.id.in_(numbers))
        .values(replays=letters.c.replays + 1)
        .returning(letters.c.id, letters.c.replays)
    )
    await write(
        connection, actor, [Written("replay", letter, after=bodies.get(letter.id, letter.body)) for letter in wanted]
    )
    service = wanted[0].service
    return {f"{service}:{row.id}": row.replays for row in counted}


async def _publish(
    engine: AsyncEngine,
    client: Client,
    part: Sequence[Letter],
    times: Mapping[str, int],
    actor: Actor,
    bodies: Mapping[str, bytes],
    before: int,
) -> None:
    """Publish letters of one stream and mark them; a message id of its own lets each pass the server's duplicate window."""
    outgoing = [
        Outgoing(
            f"replay/{letter.service}/{letter.number}/{times[letter.id]}",
            letter.subject,
            bodies.get(letter.id, letter.body),
        )
        for letter in part
    ]
    try:
        await Publisher(client, part[0].stream).publish(outgoing)
    except PublishError as error:
        async with engine.begin() as connection:
            await write(connection, actor, [Written("replay not acknowledged", letter) for letter in part])
        which = f"the dead letter {part[0].id}" if len(part) == 1 else f"{len(part)} dead letters from {part[0].id} on"
        told = f"; {before} before were replayed" if before else ""
        raise CliError(f"{which} may not have arrived, replay again: {error}{told}") from error
    async with engine.begin() as connection:
        tables = await tables_of(connection, part[0].service)
        notes = {letter.id: EDITED if letter.id in bodies else None for letter in part}
        await mark(connection, tables, part, REPLAYED, actor.by, notes)


def _parts(letters: Sequence[Letter]) -> list[list[Letter]]:
    """Return `letters` in runs that one publishing takes: of one stream, and not too many bytes."""
    parts: list[list[Letter]] = []
    size = 0
    for letter in letters:
        if not parts or parts[-1][-1].stream != letter.stream or size + len(letter.body) > CHUNK_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(letter)
        size += len(letter.body)
    return parts
