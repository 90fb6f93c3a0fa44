"""What the processes of the suite import, and what their libraries do without there."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Final

TAKE_WHAT_THERE_IS: Final = ("structlog", "faststream.nats")
IDLE: Final = ("rich", "uvicorn")
"""structlog imports the first for coloured tracebacks, FastStream the second for applications of its own: 7 MB of every
service, and none has a terminal. Whoever draws a table or serves HTTP imports them as ever."""


def preload() -> None:
    """Import what every service needs beside its own code."""
    lean_libraries()
    from shared import reconciliation, runner, workshop  # noqa: F401, PLC0415 (for what they import; after those)
    from shared.policy import load_policy  # noqa: PLC0415 (same)

    load_policy()


def lean_libraries() -> None:
    """Import the libraries that would import what is idle here; to be called before anything else imports them."""
    with absent(*IDLE):
        for name in TAKE_WHAT_THERE_IS:
            import_module(name)


@contextmanager
def absent(*names: str) -> Iterator[None]:
    """Let these packages not be found inside, as if they were not installed; one that is imported already stays."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: the import system's own sign for it
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
