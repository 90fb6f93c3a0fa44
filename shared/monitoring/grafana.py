"""A dashboard as rows of panels, and the JSON that Grafana reads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Kind = Literal["stat", "timeseries", "bargauge", "table"]
Unit = Literal["percentunit", "short", "s", "reqps", "dateTimeAsIso", "dateTimeFromNow", "bytes", "none"]

WIDTH: Final = 24
"""Columns of Grafana's grid."""
_HEIGHT: Final = {"stat": 4, "timeseries": 8, "bargauge": 8, "table": 8}
_SCHEMA: Final = 39
_DATASOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True, slots=True)
class Query:
    """One PromQL expression, and the legend of its series."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: what it shows, in which unit, and one sentence for whoever wonders what to read off it.

    `good_above` and `good_below` colour a value: green on that side, red on the other.
    """

    title: str
    kind: Kind
    queries: tuple[Query, ...]
    description: str
    unit: Unit = "short"
    width: int = 12
    good_above: float | None = None
    good_below: float | None = None
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard; `by_department` adds the choice of departments, `$department`."""

    uid: str
    title: str
    rows: tuple[Row, ...]
    by_department: bool = False

    def panels(self) -> Iterator[Panel]:
        """Yield every panel."""
        for row in self.rows:
            yield from row.panels

    def to_json(self) -> dict[str, Any]:
        """Return the dashboard as Grafana reads it from a file."""
        return {
            "uid": self.uid,
            "title": self.title,
            "tags": ["yingda"],
            "editable": False,
            "graphTooltip": 1,
            "refresh": "30s",
            "schemaVersion": _SCHEMA,
            "time": {"from": "now-6h", "to": "now"},
            "timezone": "browser",
            "templating": {"list": list(self._variables())},
            "links": [_LINK],
            "panels": list(_placed(self.rows)),
        }

    def _variables(self) -> Iterator[dict[str, Any]]:
        yield {"name": "datasource", "label": "data", "type": "datasource", "query": "prometheus"}
        if self.by_department:
            yield {
                "name": "department",
                "label": "department",
                "type": "query",
                "datasource": _DATASOURCE,
                "query": {"query": "label_values(yingda_workorders, department)", "refId": "departments"},
                "includeAll": True,
                "allValue": ".*",
                "multi": True,
                "current": {"text": "All", "value": "$__all"},
                "refresh": 2,
                "sort": 1,
            }


_LINK: Final = {"title": "Yingda", "type": "dashboards", "tags": ["yingda"], "asDropdown": True, "keepTime": True}


def _placed(rows: tuple[Row, ...]) -> Iterator[dict[str, Any]]:
    """Yield headings and panels from left to right and top to bottom, each with its place."""
    number, top = 0, 0
    for row in rows:
        number += 1
        yield {"id": number, "type": "row", "title": row.title, "collapsed": False, "gridPos": _place(0, top, WIDTH, 1)}
        top, left, tallest = top + 1, 0, 0
        for panel in row.panels:
            if left + panel.width > WIDTH:
                top, left, tallest = top + tallest, 0, 0
            number += 1
            height = _HEIGHT[panel.kind]
            yield {"id": number, **_panel(panel), "gridPos": _place(left, top, panel.width, height)}
            left, tallest = left + panel.width, max(tallest, height)
        top += tallest


def _place(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "w": width, "h": height}


def _panel(panel: Panel) -> dict[str, Any]:
    now = panel.kind != "timeseries"
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": _DATASOURCE,
        "targets": [
            {
                "refId": chr(ord("A") + position),
                "expr": query.expr,
                "legendFormat": query.legend or "__auto",
                "instant": now,
                "range": not now,
                **({"format": "table"} if panel.kind == "table" else {}),
            }
            for position, query in enumerate(panel.queries)
        ],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _options(panel),
    }


def _defaults(panel: Panel) -> dict[str, Any]:
    defaults: dict[str, Any] = {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": list(_steps(panel))}}
    if panel.unit == "percentunit":
        defaults |= {"min": 0, "max": 1}
    if panel.kind == "timeseries":
        stacking = {"mode": "normal" if panel.stacked else "none"}
        defaults["custom"] = {"fillOpacity": 25 if panel.stacked else 8, "stacking": stacking, "showPoints": "never"}
    if panel.good_above is None and panel.good_below is None:
        defaults["color"] = {"mode": "palette-classic"}
    else:
        defaults["color"] = {"mode": "thresholds"}
    return defaults


def _steps(panel: Panel) -> Iterator[Mapping[str, Any]]:
    if panel.good_above is not None:
        yield from ({"color": "red", "value": None}, {"color": "green", "value": panel.good_above})
    elif panel.good_below is not None:
        yield from ({"color": "green", "value": None}, {"color": "red", "value": panel.good_below})
    else:
        yield {"color": "blue", "value": None}


def _options(panel: Panel) -> dict[str, Any]:
    if panel.kind == "timeseries":
        return {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}}
    if panel.kind == "table":
        return {"showHeader": True}
    reduced = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    return {"reduceOptions": reduced, "orientation": "auto", "textMode": "auto", "colorMode": "value"}


def stat(
    title: str,
    expr: str,
    description: str,
    unit: Unit = "short",
    *,
    good_above: float | None = None,
    good_below: float | None = None,
) -> Panel:
    """Return one figure, six to a line."""
    return Panel(title, "stat", (Query(expr),), description, unit, 4, good_above, good_below)


def series(
    title: str, description: str, *queries: tuple[str, str], unit: Unit = "short", stacked: bool = False
) -> Panel:
    """Return figures over time, two panels to a line; each query is (PromQL, legend)."""
    return Panel(title, "timeseries", tuple(Query(*one) for one in queries), description, unit, stacked=stacked)


def bars(title: str, expr: str, legend: str, description: str, unit: Unit = "short") -> Panel:
    """Return one bar for each series, two panels to a line."""
    return Panel(title, "bargauge", (Query(expr, legend),), description, unit)


def per_minute(metric: str, by: str, matching: str = "") -> str:
    """Return PromQL for how many a minute, by those labels."""
    return f"60 * sum by ({by}) (rate({metric}{matching}[$__rate_interval]))"


def held(metric: str, by: str = "", selector: str = "") -> str:
    """Return a sum of what the database holds: every replica of a service reads the same, so one of them counts."""
    grouped = f"sum by ({by})" if by else "sum"
    return f"{grouped} (max without (instance, pod) ({metric}{selector}))"


def in_range(metric: str, by: str = "", matching: str = "") -> str:
    """Return PromQL for how many in the time chosen above."""
    return f"sum{f' by ({by})' if by else ''} (increase({metric}{matching}[$__range]))"


def quantile(share: float, histogram: str, by: str) -> str:
    """Return PromQL for a quantile of a histogram, by those labels."""
    return f"histogram_quantile({share:g}, sum by (le, {by}) (rate({histogram}_bucket[$__rate_interval])))"
