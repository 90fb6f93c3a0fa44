"""What a failure is: the servers' trouble, to be repeated, or the message's own, to be buried; and what may be told of it.

The words of an exception may quote a customer (a driver names the key that exists already), so neither a log nor a
dead letter repeats them: they get its kind, its SQLSTATE and the place in the code.

An error of the operating system is the servers' only where their drivers raised it. A plugin that finds no file or gets
no answer from a system of its own fails with the very same classes, and repeating it in place would hold up everybody
else's messages for as long as that lasts: it is the message's own failure, kept with its reason, replayed when all is well.
"""

import traceback
from pathlib import Path

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared.bus.transaction import Incoming, Rejected

TRANSIENT_CLASSES = ("08", "28", "40", "53", "55", "57", "58")
"""SQLSTATE classes that tell of the server and not of the data: connection, a password that is just being changed,
rollback, resources, locks, operator."""
TRANSIENT_STATES = ("25006", "25P03", "25P04")
"""And of other classes: a database that only reads for now, as a standby does, and transactions cut off for their time."""
DRIVERS = ("sqlalchemy", "asyncpg", "nats")
"""Packages that talk to PostgreSQL and NATS for us."""
_FRAMES = 6
_ROOT = Path(__file__).parents[2]


def is_transient(error: BaseException) -> bool:
    """Return whether `error` tells of a server that is away or busy, so that the same work can succeed later."""
    if isinstance(error, PoolTimeoutError):
        return True
    if isinstance(error, OSError | TimeoutError):
        return _of_a_server(error)
    if not isinstance(error, DBAPIError):
        return False
    state = sqlstate(error)
    return error.connection_invalidated or not state or state[:2] in TRANSIENT_CLASSES or state in TRANSIENT_STATES


def sqlstate(error: BaseException) -> str:
    """Return PostgreSQL's code for `error`, empty where it has none."""
    original = getattr(error, "orig", None) or error
    return getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or ""


def told(error: BaseException) -> dict[str, str]:
    """Return what a log line may tell of `error`."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    facts = {"why": _kind(error), "sqlstate": sqlstate(error), "at": " < ".join(map(_place, reversed(frames)))}
    return {name: fact for name, fact in facts.items() if fact}


def poisoned(item: Incoming, error: Exception) -> Rejected:
    """Return `item` for the dead letters, with the kind of the failure and where in our code it came up."""
    ours = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(_ROOT / "services")]
    place = f" at {_place(ours[-1])}" if ours else ""
    return Rejected(item.delivery, f"the handler failed: {_kind(error)}{place}", (), item.message.key)


def _of_a_server(error: BaseException) -> bool:
    """Return whether `error` came up in a driver of a server, whoever asked for it."""
    modules = (str(frame.f_globals.get("__name__")) for frame, _ in traceback.walk_tb(error.__traceback__))
    return any(module.partition(".")[0] in DRIVERS for module in modules)


def _kind(error: BaseException) -> str:
    return type(getattr(error, "orig", None) or error).__name__


def _place(frame: traceback.FrameSummary) -> str:
    path = Path(frame.filename)
    short = path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else Path(*path.parts[-2:])
    return f"{short}:{frame.lineno}"
