"""What commands print: results on standard output, everything else on standard error."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic_core import to_json

WIDE = 100_000
"""Columns of a table that goes into a file or a pipe: nothing is cut there."""


def warn(text: str) -> None:
    """Say something that is not a result, on standard error."""
    print(f"yingda: {text}", file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    """Print `value` as one line of JSON, at once."""
    print(to_json(value).decode(), flush=True)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print `rows` under `columns`, aligned; folded to the terminal's width if there is one."""
    from rich.console import Console  # noqa: PLC0415 (slow to import, and only tables need it)
    from rich.table import Table  # noqa: PLC0415 (same)

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    Console(width=None if sys.stdout.isatty() else WIDE, markup=False, highlight=False, emoji=False).print(table)
