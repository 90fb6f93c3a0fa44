"""A report as CSV: the tables one below the other, as spreadsheets read it, and nothing in it is ever a formula (R-FB-05)."""

import csv
import io
from typing import Final

from services.feedback.domain.report.model import Report
from services.feedback.domain.report.tables import Cell, Form, tables
from services.feedback.domain.report.words import Words

MARK: Final = "\ufeff"
"""The byte order mark by which Excel knows UTF-8."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|")


def sheet(report: Report, words: Words) -> str:
    """Return the report as CSV text (RFC 4180) that begins with the byte order mark; every row begins with its table."""
    file = io.StringIO()
    writer = csv.writer(file)
    period = report.period
    writer.writerow(
        [safe(words(period.kind)), period.first.isoformat(), period.last.isoformat(), report.policy_version]
    )
    for table in tables(report, words):
        writer.writerow([])
        heads = [f"{column.name} (%)" if column.form == "percent" else column.name for column in table.columns]
        writer.writerow([safe(table.title), *map(safe, heads)])
        for row in table.rows:
            cells = [_written(cell, column.form) for cell, column in zip(row, table.columns, strict=True)]
            writer.writerow([safe(table.title), *cells])
    return MARK + file.getvalue()


def safe(text: str) -> str:
    """Return `text` as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _written(cell: Cell, form: Form) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return safe(cell)
    if form == "percent":
        return f"{cell * 100:.1f}"
    return f"{cell:.2f}" if form == "decimal" else str(cell)
