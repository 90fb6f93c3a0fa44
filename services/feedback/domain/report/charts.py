"""Charts as inline SVG: no script, no outside file, readable in print and by those who do not see colours (R-FB-05)."""

from collections.abc import Sequence
from html import escape
from typing import Final

WIDTH: Final = 640
_INK: Final = "#1f2933"
_SOFT: Final = "#52606d"
_GRID: Final = "#d5dbe1"
BLUE: Final = "#2b6cb0"
AMBER: Final = "#c05621"
LEVEL_COLOURS: Final = ("#1b7837", "#7fbf7b", "#d9d9d9", "#f4a582", "#b2182b")
_DARK: Final = (0, 4)
"""Levels on whose colour the figures are white."""
_STEPS: Final = (4, 8, 12, 16, 20, 24, 32, 40)
_LABEL: Final = 150
_TOP: Final = 34


def bars(title: str, labels: Sequence[str], series: Sequence[tuple[str, Sequence[int]]]) -> str:
    """Return upright bars: for each label one bar of each of the two `series` (name, values)."""
    height, base, left = 230, 190, 36
    most = _round_up(max((value for _, values in series for value in values), default=0))
    step = (WIDTH - left - 10) / max(len(labels), 1)
    wide = min(step * 0.36, 34)
    parts = [_axis(left, base, most)]
    for place, label in enumerate(labels):
        middle = left + step * (place + 0.5)
        parts.append(_text(middle, base + 16, label, anchor="middle", colour=_SOFT))
        for number, (_, values) in enumerate(series):
            value = values[place]
            tall = (base - _TOP) * value / most
            x = middle + (number - len(series) / 2) * wide
            colour = (BLUE, AMBER)[number % 2]
            parts.append(_rect(x, base - tall, wide - 2, tall, colour))
            if value:
                parts.append(_text(x + wide / 2 - 1, base - tall - 4, str(value), anchor="middle", size=10))
    legend = _legend([(name, (BLUE, AMBER)[number % 2]) for number, (name, _) in enumerate(series)], left, height - 10)
    return _svg(title, height, [*parts, legend])


def lines(title: str, labels: Sequence[str], series: Sequence[tuple[str, Sequence[float | None]]]) -> str:
    """Return one line for each of the two `series` of shares of 1; a gap where there is nothing to tell."""
    height, base, left = 230, 190, 36
    step = (WIDTH - left - 10) / max(len(labels), 1)
    parts = [_axis(left, base, 100, "%")]
    for place, label in enumerate(labels):
        parts.append(_text(left + step * (place + 0.5), base + 16, label, anchor="middle", colour=_SOFT))
    for number, (_, values) in enumerate(series):
        colour = (BLUE, AMBER)[number % 2]
        places = [
            (left + step * (place + 0.5), base - (base - _TOP) * value, value)
            for place, value in enumerate(values)
            if value is not None
        ]
        dash = ' stroke-dasharray="6 3"' if number % 2 else ""
        if len(places) > 1:
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in places)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        for x, y, value in places:
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>')
            above = y - 7 if number == 0 else y + 15
            parts.append(_text(x, max(above, 12), percent(value), anchor="middle", size=10, colour=colour))
    legend = _legend([(name, (BLUE, AMBER)[number % 2]) for number, (name, _) in enumerate(series)], left, height - 10)
    return _svg(title, height, [*parts, legend])


def shares(title: str, rows: Sequence[tuple[str, float, str]]) -> str:
    """Return a lying bar for each row: label, share of 1, and what is written behind it."""
    height = 24 * len(rows) + 12
    room = WIDTH - _LABEL - 130
    parts = []
    for place, (label, value, remark) in enumerate(rows):
        y = 8 + 24 * place
        parts += [
            _text(_LABEL - 8, y + 12, label, anchor="end"),
            _rect(_LABEL, y, room, 15, "#edf0f3"),
            _rect(_LABEL, y, room * value, 15, BLUE),
            _text(_LABEL + room + 8, y + 12, f"{percent(value)}  {remark}", colour=_SOFT, size=11),
        ]
    return _svg(title, height, parts)


def levels(title: str, names: Sequence[str], rows: Sequence[tuple[str, Sequence[int]]]) -> str:
    """Return a bar for each row, divided as customers chose among the five levels."""
    height = 26 * len(rows) + 34
    room = WIDTH - _LABEL - 50
    parts = []
    for place, (label, counts) in enumerate(rows):
        y, x, whole = 8 + 26 * place, float(_LABEL), sum(counts)
        parts.append(_text(_LABEL - 8, y + 13, label, anchor="end"))
        for number, count in enumerate(counts):
            wide = room * count / whole
            parts.append(_rect(x, y, wide, 17, LEVEL_COLOURS[number]))
            if wide > 18:  # noqa: PLR2004 (room for two digits)
                colour = "#ffffff" if number in _DARK else _INK
                parts.append(_text(x + wide / 2, y + 13, str(count), anchor="middle", size=11, colour=colour))
            x += wide
        parts.append(_text(x + 8, y + 13, f"n={whole}", size=11, colour=_SOFT))
    legend = _legend(list(zip(names, LEVEL_COLOURS, strict=True)), 20, height - 8)
    return _svg(title, height, [*parts, legend])


def percent(value: float) -> str:
    """Return a share of 1 as a percentage; 100 % is told only where it is whole."""
    if value < 1 and value * 100 > 99.9:  # noqa: PLR2004 (what one decimal would round up)
        return "99.9%"
    return f"{value * 100:.1f}%".replace(".0%", "%")


def _axis(left: float, base: float, most: int, unit: str = "") -> str:
    parts = []
    for part in range(5):
        y = base - (base - _TOP) * part / 4
        parts.append(f'<line x1="{left}" y1="{y:.1f}" x2="{WIDTH - 10}" y2="{y:.1f}" stroke="{_GRID}"/>')
        figure = most * part / 4
        parts.append(_text(left - 5, y + 4, f"{figure:g}{unit}", anchor="end", size=10, colour=_SOFT))
    return "".join(parts)


def _legend(entries: Sequence[tuple[str, str]], left: float, y: float) -> str:
    parts, x = [], left
    for name, colour in entries:
        parts += [_rect(x, y - 9, 11, 11, colour), _text(x + 16, y, name, size=11)]
        x += 34 + sum(12 if one > "\u2e80" else 6.2 for one in name)
    return "".join(parts)


def _rect(x: float, y: float, wide: float, tall: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(wide, 0):.1f}" height="{max(tall, 0):.1f}" fill="{colour}"/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 12, colour: str = _INK) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
    )


def _svg(title: str, height: float, parts: Sequence[str]) -> str:
    said = escape(title, quote=True)
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{said}" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{said}</title>{''.join(parts)}</svg>"
    )


def _round_up(value: int) -> int:
    """Return the least number not below `value` that four lines divide evenly: 4, 8, 12, 16, 20 and so on."""
    scale = 1
    while True:
        for step in _STEPS:
            if step * scale >= value:
                return step * scale
        scale *= 10
