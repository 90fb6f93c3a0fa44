"""Where corrected bodies come from: a file, lines of `dlq show`, or the operator's editor."""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic_core import from_json, to_json
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.cli.errors import CliError, WrongUse
from shared.cli.letter_body import corrected, editable
from shared.cli.letter_selection import split_id
from shared.cli.letters import load_letter


def given_bodies(
    ids: Sequence[str], *, edit: Path | None, editor: bool, corrections: Path | None
) -> Mapping[str, bytes | None]:
    """Return by letter what the operator wrote, None for what is still to be written in the editor.

    `WrongUse` where it is not clear which letter is corrected how, or a file cannot be read.
    """
    if [edit is not None, editor, corrections is not None].count(True) > 1:
        raise WrongUse("give one of --edit, --editor and --from")
    if (edit or editor) and len(ids) != 1:
        raise WrongUse("--edit and --editor correct one dead letter, named by its id; --from corrects many")
    if corrections is not None:
        found = _lines(corrections)
        if ids and set(ids) - found.keys():
            raise WrongUse(f"{corrections} has no line for {min(set(ids) - found.keys())}")
        return {letter_id: found[letter_id] for letter_id in ids or found}
    if edit is not None:
        return {ids[0]: _read(edit)}
    return {ids[0]: None} if editor else {}


async def corrected_bodies(engine: AsyncEngine, given: Mapping[str, bytes | None]) -> dict[str, bytes]:
    """Return the messages to publish instead; `WrongUse` names the first that would fail again."""
    bodies: dict[str, bytes] = {}
    for letter_id, text in given.items():
        letter = await load_letter(engine, letter_id)
        written = _in_editor(letter_id, editable(letter)) if text is None else text
        bodies[letter_id] = corrected(letter, written)
    return bodies


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WrongUse(f"{path} cannot be read: {error.strerror}") from error


def _lines(path: Path) -> dict[str, bytes]:
    """Return the body of each line `{"id": …, "body": …}`; the body is a text, as shown, or the JSON itself."""
    found: dict[str, bytes] = {}
    for number, line in enumerate(_read(path).splitlines(), 1):
        if not line.strip():
            continue
        try:
            value = from_json(line)
            letter_id, body = value["id"], value["body"]
            split_id(letter_id)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise WrongUse(
                f'{path}, line {number}: write {{"id": "SERVICE:N", "body": …}} as `dlq show` does'
            ) from error
        found[letter_id] = body.encode() if isinstance(body, str) else to_json(body)
    if not found:
        raise WrongUse(f"{path} holds no corrected dead letter")
    return found


def _in_editor(letter_id: str, before: bytes) -> bytes:
    """Return what the operator made of the body; `CliError` where nothing was changed."""
    command = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory(prefix="yingda-dlq-") as name:  # of this user only: a body holds personal data
        path = Path(name) / f"{letter_id.replace(':', '-')}.json"
        path.write_bytes(before)
        try:
            ended = subprocess.run([*shlex.split(command), str(path)], check=False).returncode  # noqa: S603 (the operator's own choice)
        except OSError as error:
            raise CliError(f"the editor {command} does not start: {error.strerror} (set EDITOR)") from error
        after = path.read_bytes()
    if ended != 0:
        raise CliError(f"the editor {command} ended with code {ended}: nothing was done")
    if after == before:
        raise CliError(f"{letter_id} was not changed in the editor: nothing was done")
    return after
