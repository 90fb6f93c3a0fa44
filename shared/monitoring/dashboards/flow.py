"""Flow: contacts in, work orders through their steps, what waits, and how long each stage takes."""

from shared.monitoring.grafana import Dashboard, Row, held, in_range, per_minute, quantile, series, stat

_CHOSEN = '{department=~"$department"}'

DASHBOARD = Dashboard(
    "yingda-flow",
    "Yingda: flow",
    by_department=True,
    rows=(
        Row(
            "Now",
            (
                stat("Contacts", in_range("yingda_contacts_total"), "Contacts registered or rejected."),
                stat("Work orders opened", in_range("yingda_workorders_opened_total", "", _CHOSEN), "Opened."),
                stat("Open", held("yingda_workorders", "", _CHOSEN), "Work orders that have not ended."),
                stat(
                    "Waiting for sign-off", held("yingda_workorders", "", '{status="resolved"}'), "Resolved, unsigned."
                ),
                stat(
                    "Waiting in the bus",
                    "sum(max by (service) (yingda_consumer_backlog))",
                    "Messages that some service has still to take.",
                    good_below=1000,
                ),
                stat(
                    "Dead letters", "sum(max by (service) (yingda_dead_letters_open))", "Not dealt with.", good_below=1
                ),
            ),
        ),
        Row(
            "Work orders",
            (
                series(
                    "Opened a minute",
                    "By category.",
                    (per_minute("yingda_workorders_opened_total", "category", _CHOSEN), "{{category}}"),
                    stacked=True,
                ),
                series(
                    "Steps a minute",
                    "What people and the system did.",
                    (per_minute("yingda_workorder_steps_total", "step", _CHOSEN), "{{step}}"),
                    stacked=True,
                ),
                series(
                    "By state",
                    "Work orders that have not ended, by state.",
                    (held("yingda_workorders", "status", _CHOSEN), "{{status}}"),
                    stacked=True,
                ),
                series(
                    "By department",
                    "Work orders that have not ended, by department.",
                    (held("yingda_workorders", "department", _CHOSEN), "{{department}}"),
                    stacked=True,
                ),
                series(
                    "Grades and triage",
                    "What was opened, by grade and queue.",
                    (per_minute("yingda_workorders_opened_total", "grade, queue", _CHOSEN), "{{grade}} {{queue}}"),
                ),
                series(
                    "People",
                    "Agents by presence, and how work orders are given out (R-RT-08).",
                    (held("yingda_agents", "state", _CHOSEN), "{{state}}"),
                    (per_minute("yingda_assignments_total", "way", _CHOSEN), "given by {{way}} a minute"),
                ),
            ),
        ),
        Row(
            "Stages of a work order",
            (
                series(
                    "Time of a stage, median",
                    "On its clock's calendar, by what the clock waits for; late ones as long as they might take.",
                    (quantile(0.5, "yingda_stage_seconds", "metric"), "{{metric}}"),
                    unit="s",
                ),
                series(
                    "Time of a stage, p90",
                    "The same: nine in ten took less.",
                    (quantile(0.9, "yingda_stage_seconds", "metric"), "{{metric}}"),
                    unit="s",
                ),
            ),
        ),
        Row(
            "Stages of a message",
            (
                series(
                    "Waiting for each service",
                    "Messages that its consumer has still to take.",
                    ("max by (service) (yingda_consumer_backlog)", "{{service}}"),
                ),
                series(
                    "Time of a batch, p99",
                    "From fetching to acknowledging.",
                    (quantile(0.99, "yingda_batch_seconds", "service"), "{{service}}"),
                    unit="s",
                ),
                series(
                    "Messages a second",
                    "By what became of them.",
                    (
                        "sum by (service, outcome) (rate(yingda_messages_total[$__rate_interval]))",
                        "{{service}} {{outcome}}",
                    ),
                    unit="reqps",
                ),
                series(
                    "Messages of a batch, median",
                    "One at rest, hundreds under load.",
                    (quantile(0.5, "yingda_batch_messages", "service"), "{{service}}"),
                ),
                series(
                    "Time of a command, p99",
                    "Commands of desks, to their reply.",
                    (quantile(0.99, "yingda_command_seconds", "command"), "{{command}}"),
                    unit="s",
                ),
                series(
                    "Commands a minute",
                    "By the status of the reply.",
                    (per_minute("yingda_commands_total", "command, status"), "{{command}} {{status}}"),
                ),
            ),
        ),
    ),
)
