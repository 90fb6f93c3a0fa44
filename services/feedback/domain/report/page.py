"""A report as one HTML page: self-contained, without scripts, in the language of its reader, fit for print (R-FB-05)."""

from html import escape
from typing import Final

from services.feedback.domain.report import charts
from services.feedback.domain.report.model import LEVELS, Report, share
from services.feedback.domain.report.tables import Cell, Column, Form, Table, levels_by_department, tables
from services.feedback.domain.report.words import Words

_STYLE: Final = """
:root{color-scheme:light}*{box-sizing:border-box}
body{font:14px/1.55 "PingFang SC","Microsoft YaHei","Noto Sans CJK SC","Source Han Sans SC",system-ui,-apple-system,
"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;color:#1f2933;background:#fff;margin:0 auto;padding:28px;max-width:1100px}
h1{font-size:24px;margin:0 0 4px}h2{font-size:17px;margin:30px 0 8px;border-bottom:2px solid #2b6cb0;padding-bottom:4px}
.meta{color:#52606d;margin:0 0 14px}.note{background:#fffaf0;border-left:4px solid #c05621;padding:8px 12px;margin:8px 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:10px;margin:0;padding:0}
.tile{border:1px solid #d5dbe1;border-radius:6px;padding:10px 12px}.tile dt{color:#52606d;font-size:12px}
.tile dd{margin:0;font-size:22px;font-weight:600}.tile dd small{display:block;font-size:12px;font-weight:400;color:#52606d}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:18px}
figure{margin:0;border:1px solid #d5dbe1;border-radius:6px;padding:10px}figcaption{font-weight:600;margin-bottom:4px}
svg{width:100%;height:auto;font-family:inherit}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13px}
th,td{padding:5px 8px;border-bottom:1px solid #e4e7eb;text-align:right;white-space:nowrap}
th{background:#f5f7fa;vertical-align:bottom}th.t,td.t{text-align:left}
tr.sum td{font-weight:600;border-top:2px solid #9aa5b1}.none{color:#52606d}
@media(max-width:600px){body{padding:14px}.charts{grid-template-columns:1fr}}
@media print{@page{size:A4 landscape;margin:12mm}body{padding:0;max-width:none;font-size:11px}table{font-size:10px}
th,td{padding:3px 5px;white-space:normal}.scroll{overflow:visible}figure,.tile,tr{break-inside:avoid}h2{break-after:avoid}
thead{display:table-header-group}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
"""
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(report: Report, words: Words) -> str:
    """Return the whole page; every value in it is escaped."""
    period = report.period
    title = f"{words(period.kind)} {period.first} – {period.last}"
    made = report.made_at.astimezone(period.zone)
    meta = (
        f"{words('period')}: {period.first} – {period.last} · {words('made')}: {made:%Y-%m-%d %H:%M} ({period.zone})"
        f" · {words('policy')}: {report.policy_version}"
    )
    body = [
        f"<h1>{escape(words(period.kind))}</h1>",
        f'<p class="meta">{escape(meta)}</p>',
        *_notes(report, words),
        f"<h2>{escape(words('key_figures'))}</h2>",
        _tiles(report, words),
        _charts(report, words),
        *(_section(table, words) for table in tables(report, words)),
    ]
    language = "zh-CN" if words.language == "zh" else "en"
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def _notes(report: Report, words: Words) -> list[str]:
    notes = [words("unfinished")] if report.unfinished else []
    if report.late is not None:
        separator = "，" if words.language == "zh" else ", "
        counts = separator.join(f"{words(name)} {count:+d}" for name, count in report.late.counts.items())
        period = report.late.period
        notes.append(words("late", first=period.first, last=period.last, counts=counts))
    return [f'<p class="note">{escape(note)}</p>' for note in notes]


def _tiles(report: Report, words: Words) -> str:
    now, before = report.totals, report.previous
    figures: list[tuple[str, Cell, Cell, Form]] = [
        ("contacts", now.contacts, before.contacts, "count"),
        ("opened", now.opened, before.opened, "count"),
        ("closed", now.closed, before.closed, "count"),
        ("reopened", now.reopened, before.reopened, "count"),
        ("attainment", now.attainment, before.attainment, "percent"),
        ("satisfaction", now.satisfaction, before.satisfaction, "percent"),
        ("score", now.score, before.score, "decimal"),
    ]
    tiles = "".join(
        f'<div class="tile"><dt>{escape(words(name))}</dt><dd>{_shown(value, form, words)}'
        f"<small>{escape(words('before'))} {_shown(earlier, form, words)}</small></dd></div>"
        for name, value, earlier, form in figures
    )
    return f'<dl class="tiles">{tiles}</dl>'


def _charts(report: Report, words: Words) -> str:
    labels = [
        f"{point.first:%m-%d}" if report.period.kind == "weekly" else f"{point.first:%Y-%m}" for point in report.trend
    ]
    made = [
        (
            "trend_volume",
            charts.bars(
                words("trend_volume"),
                labels,
                [
                    (words("opened"), [point.totals.opened for point in report.trend]),
                    (words("closed"), [point.totals.closed for point in report.trend]),
                ],
            ),
        ),
        (
            "trend_quality",
            charts.lines(
                words("trend_quality"),
                labels,
                [
                    (words("attainment"), [point.totals.attainment for point in report.trend]),
                    (words("satisfaction"), [point.totals.satisfaction for point in report.trend]),
                ],
            ),
        ),
    ]
    metrics: dict[str, list[int]] = {}
    for one in report.deadlines:
        held = metrics.setdefault(one.metric, [0, 0])
        held[0] += one.met
        held[1] += one.met + one.breached
    if metrics:
        rows = [(words(name), share(met, whole) or 0.0, f"{met}/{whole}") for name, (met, whole) in metrics.items()]
        made.append(
            ("chart_metric", charts.shares(words("chart_metric"), sorted(rows, key=lambda row: (row[1], row[0]))))
        )
    chosen = levels_by_department(report.answers)
    if chosen:
        by_department = [(words.department(name), counts) for name, counts in sorted(chosen.items())]
        names = [words(level) for level in LEVELS[:5]]
        made.append(("chart_levels", charts.levels(words("chart_levels"), names, by_department)))
    figures = "".join(f"<figure><figcaption>{escape(words(name))}</figcaption>{chart}</figure>" for name, chart in made)
    return f'<div class="charts" style="margin-top:18px">{figures}</div>'


def _section(table: Table, words: Words) -> str:
    title = f"<h2>{escape(table.title)}</h2>"
    if not table.rows:
        return f'<section>{title}<p class="none">{escape(words("nothing"))}</p></section>'
    head = "".join(f'<th scope="col"{_side(column)}>{escape(column.name)}</th>' for column in table.columns)
    rows = "".join(_row(table, row, words) for row in table.rows)
    return (
        f'<section>{title}<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></section>"
    )


def _row(table: Table, row: tuple[Cell, ...], words: Words) -> str:
    kind = ' class="sum"' if row[0] == words("total") else ""
    cells = (
        f"<td{_side(column)}>{_shown(cell, column.form, words)}</td>"
        for cell, column in zip(row, table.columns, strict=True)
    )
    return f"<tr{kind}>{''.join(cells)}</tr>"


def _side(column: Column) -> str:
    return ' class="t"' if column.form == "text" else ""


def _shown(cell: Cell, form: Form, words: Words) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, str):
        return escape(cell)
    if form == "percent":
        return charts.percent(cell)
    if form == "duration":
        return _duration(int(cell), words)
    return f"{cell:.2f}" if form == "decimal" else f"{cell:,}"


def _duration(seconds: int, words: Words) -> str:
    """Return days, hours and minutes of the wall; what is short of a minute counts as one."""
    minutes = max(1, round(seconds / 60))
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    units = ("天", "小时", "分钟") if words.language == "zh" else (" d", " h", " min")
    parts = [f"{count}{unit}" for count, unit in zip((days, hours, minutes), units, strict=True) if count]
    return ("" if words.language == "zh" else " ").join(parts)
