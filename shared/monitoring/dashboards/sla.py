"""SLA: are the deadlines kept, how much of the error budget is left, what is due next, what is overdue longest."""

from shared.monitoring.grafana import Dashboard, Panel, Query, Row, held
from shared.monitoring.objectives import BUDGET_DAYS, errors

_CHOSEN = '{department=~"$department"}'
_MET = f"sum by (department) (increase(yingda_clocks_met_total{_CHOSEN}[$__range]))"
_BREACHED = f"sum by (department) (increase(yingda_clocks_breached_total{_CHOSEN}[$__range]))"
_OBJECTIVE = "max by (metric) (yingda_sla_objective_ratio)"

DASHBOARD = Dashboard(
    "yingda-sla",
    "Yingda: SLA",
    by_department=True,
    rows=(
        Row(
            "Now",
            (
                Panel(
                    "Attainment",
                    "stat",
                    (Query(f"sum({_MET}) / (sum({_MET}) + sum({_BREACHED}))"),),
                    "Share of clocks that ended in time, over the time chosen above.",
                    "percentunit",
                    4,
                    good_above=0.95,
                ),
                Panel(
                    "Breached",
                    "stat",
                    (Query(f"sum({_BREACHED})"),),
                    "Deadlines missed over the time chosen above; each counts once per clock and cycle.",
                    width=4,
                    good_below=1,
                ),
                Panel(
                    "Breached, urgent",
                    "stat",
                    (Query(f"sum(increase(yingda_urgent_breaches_total{_CHOSEN}[$__range]))"),),
                    "Deadlines missed by urgent work orders.",
                    width=4,
                    good_below=1,
                ),
                Panel(
                    "Running",
                    "stat",
                    (Query(held("yingda_clocks_running", "", _CHOSEN)),),
                    "Clocks that run now.",
                    width=4,
                ),
                Panel(
                    "Provisional",
                    "stat",
                    (Query(held("yingda_clocks_provisional")),),
                    "Running clocks whose due time rests on a holiday schedule that is not official yet (R-SLA-13).",
                    width=4,
                    good_below=1,
                ),
                Panel(
                    "Watcher's lateness, p99",
                    "stat",
                    (
                        Query(
                            "histogram_quantile(0.99, sum by (le) "
                            "(rate(yingda_sla_detection_lateness_seconds_bucket[$__range])))"
                        ),
                    ),
                    "How long after its time a warning or breach was found (R-SLA-14).",
                    "s",
                    4,
                    good_below=1,
                ),
            ),
        ),
        Row(
            "Attainment",
            (
                Panel(
                    "By department",
                    "bargauge",
                    (Query(f"{_MET} / ({_MET} + {_BREACHED})", "{{department}}"),),
                    "Share of clocks that ended in time, by department.",
                    "percentunit",
                    good_above=0.95,
                ),
                Panel(
                    "By department and metric",
                    "table",
                    (Query(f"1 - {errors('1d')}{_CHOSEN}"),),
                    "Share of clocks that ended in time within a day.",
                    "percentunit",
                    good_above=0.95,
                ),
                Panel(
                    "Error budget left",
                    "timeseries",
                    (
                        Query(
                            f"1 - {errors(BUDGET_DAYS)}{_CHOSEN} / on (metric) group_left () (1 - {_OBJECTIVE})",
                            "{{department}} {{metric}}",
                        ),
                    ),
                    "Of the breaches that the objective allows in 30 days; below zero the objective is missed.",
                    "none",
                ),
                Panel(
                    "Burn rate over an hour",
                    "timeseries",
                    (
                        Query(
                            f"{errors('1h')}{_CHOSEN} / on (metric) group_left () (1 - {_OBJECTIVE})",
                            "{{department}} {{metric}}",
                        ),
                    ),
                    "1 uses the budget up in exactly 30 days; 14.4 in two days, and somebody is paged.",
                    "none",
                ),
            ),
        ),
        Row(
            "What is due",
            (
                Panel(
                    "Next due",
                    "table",
                    (
                        Query(
                            f"1000 * min by (department, metric) (yingda_clock_next_due_timestamp_seconds{_CHOSEN} > 0)"
                        ),
                    ),
                    "The earliest due time of each department's running clocks, by metric.",
                    "dateTimeFromNow",
                ),
                Panel(
                    "Oldest breach still open",
                    "table",
                    (
                        Query(
                            "1000 * min by (department, metric) "
                            f"(yingda_clock_oldest_breach_timestamp_seconds{_CHOSEN} > 0)"
                        ),
                    ),
                    "What was due then has still not happened.",
                    "dateTimeFromNow",
                ),
                Panel(
                    "Running clocks",
                    "timeseries",
                    (Query(held("yingda_clocks_running", "metric", _CHOSEN), "{{metric}}"),),
                    "Clocks that run, by metric.",
                    stacked=True,
                ),
                Panel(
                    "Warnings and breaches",
                    "timeseries",
                    (
                        Query(
                            f"sum by (percent) (increase(yingda_clocks_warned_total{_CHOSEN}[$__rate_interval]))",
                            "warned {{percent}} %",
                        ),
                        Query(
                            f"sum by (metric) (increase(yingda_clocks_breached_total{_CHOSEN}[$__rate_interval]))",
                            "breached {{metric}}",
                        ),
                    ),
                    "Warnings given and deadlines missed.",
                ),
                Panel(
                    "Overdue now",
                    "timeseries",
                    (Query(held("yingda_clocks_overdue", "department, metric", _CHOSEN), "{{department}} {{metric}}"),),
                    "Breaches whose matter is still open.",
                    stacked=True,
                ),
                Panel(
                    "Void and moved",
                    "timeseries",
                    (
                        Query(
                            f"60 * sum by (metric) (rate(yingda_clocks_cancelled_total{_CHOSEN}[$__rate_interval]))",
                            "void {{metric}}",
                        ),
                        Query(
                            f"60 * sum by (cause) (rate(yingda_clocks_rescheduled_total{_CHOSEN}[$__rate_interval]))",
                            "moved by {{cause}}",
                        ),
                    ),
                    "Clocks made void, and due times moved by new holidays or a rebase (R-SLA-12, R-SLA-13), a minute.",
                ),
                Panel(
                    "Started",
                    "timeseries",
                    (
                        Query(
                            f"sum by (metric) (rate(yingda_clocks_started_total{_CHOSEN}[$__rate_interval]))",
                            "{{metric}}",
                        ),
                    ),
                    "Clocks started a second.",
                    "reqps",
                ),
                Panel(
                    "What escalations set off",
                    "timeseries",
                    (
                        Query(
                            "60 * sum by (plugin, outcome) (rate(yingda_escalation_actions_total[$__rate_interval]))",
                            "{{plugin}} {{outcome}} a minute",
                        ),
                        Query(
                            held("yingda_escalation_actions_open", "plugin, state"),
                            "{{plugin}} {{state}} now",
                        ),
                    ),
                    "Attempts of actions by how they ended, and actions that are not done; a refused or dead one waits for somebody "
                    "(`yingda command sla.actions`).",
                ),
                Panel(
                    "Watcher's lateness",
                    "timeseries",
                    (
                        Query(
                            "histogram_quantile(0.99, sum by (le, kind) "
                            "(rate(yingda_sla_detection_lateness_seconds_bucket[$__rate_interval])))",
                            "{{kind}} p99",
                        ),
                    ),
                    "Detection time minus due time.",
                    "s",
                ),
            ),
        ),
    ),
)
