"""Bus, database and services: does everything run, and is anything stuck between them."""

from shared.monitoring.grafana import Dashboard, Row, per_minute, series, stat

DASHBOARD = Dashboard(
    "yingda-servers",
    "Yingda: bus, database, services",
    rows=(
        Row(
            "Now",
            (
                stat("Services ready", "count(count by (service) (yingda_service_up == 1))", "Of five.", good_above=5),
                stat("NATS", 'min(yingda_server_up{server="nats"})', "1: every service reaches it.", good_above=1),
                stat(
                    "PostgreSQL", 'min(yingda_server_up{server="postgresql"})', "1: every service does.", good_above=1
                ),
                stat(
                    "Oldest unpublished event",
                    "max(yingda_outbox_oldest_seconds)",
                    "In any outbox.",
                    "s",
                    good_below=60,
                ),
                stat("Parked", "sum(max by (service) (yingda_parked_messages))", "Wait for an earlier version."),
                stat(
                    "Official holidays",
                    "86400 * min(yingda_calendar_official_days)",
                    "How far ahead the holiday schedule is official.",
                    "s",
                    good_above=30 * 86400,
                ),
            ),
        ),
        Row(
            "Services",
            (
                series(
                    "Processes",
                    "Ready, by version.",
                    ("sum by (service, version) (yingda_service_up)", "{{service}} {{version}}"),
                ),
                series(
                    "Running for",
                    "The youngest process of each service: one that comes again and again starts anew.",
                    ("time() - max by (service) (yingda_service_started_timestamp_seconds)", "{{service}}"),
                    unit="s",
                ),
                series(
                    "Since each loop turned",
                    "More than two minutes, and somebody is paged.",
                    (
                        "time() - max by (service, loop) (yingda_loop_heartbeat_timestamp_seconds)",
                        "{{service}} {{loop}}",
                    ),
                    unit="s",
                ),
            ),
        ),
        Row(
            "Policy",
            (
                series(
                    "In force",
                    "More than one for long: a service has not taken the new policy; see its log.",
                    ("count by (version) (yingda_policy_info)", "{{version}}"),
                ),
                series(
                    "Refused",
                    "1 while the policy file has a fault and the former policy stays in force.",
                    ("max by (service) (yingda_policy_refused)", "{{service}}"),
                ),
                series(
                    "Read again",
                    "By what came of it, per minute.",
                    (per_minute("yingda_policy_reloads_total", "outcome"), "{{outcome}}"),
                ),
            ),
        ),
        Row(
            "Heartbeats",
            (
                series(
                    "Standing still",
                    "For how long each part has had work without progress, as the others hear it; a page from 30 s on.",
                    ("max by (service, part) (yingda_heartbeat_age_seconds)", "{{service}} {{part}}"),
                    unit="s",
                ),
            ),
        ),
        Row(
            "Reconciliation",
            (
                series(
                    "Missing",
                    "By stage: what came in and is nowhere. It stays until it is there again or somebody settles it.",
                    ("max by (stage) (yingda_reconciliation_difference)", "{{stage}}"),
                ),
                series(
                    "Counted a minute",
                    "By stage.",
                    (per_minute("yingda_reconciled_total", "stage"), "{{stage}}"),
                ),
                series(
                    "Since the last one",
                    "One is made every hour; after three, somebody is told.",
                    ("time() - max(yingda_reconciliation_timestamp_seconds)", "all services"),
                    unit="s",
                ),
            ),
        ),
        Row(
            "Bus",
            (
                series(
                    "Messages stored",
                    "In each stream.",
                    ("max by (stream) (yingda_stream_messages)", "{{stream}}"),
                ),
                series(
                    "Bytes stored",
                    "By each stream.",
                    ("max by (stream) (yingda_stream_bytes)", "{{stream}}"),
                    unit="bytes",
                ),
                series(
                    "Outboxes",
                    "Events written and not yet published.",
                    ("max by (service) (yingda_outbox_backlog)", "{{service}}"),
                ),
                series(
                    "Published a minute",
                    "By the way: at once, or by the relay after a failure.",
                    (per_minute("yingda_outbox_published_total", "service, way"), "{{service}} {{way}}"),
                ),
                series(
                    "Spans for traces",
                    "A minute, where a collector is configured: what it took, refused, and what found no room.",
                    (per_minute("yingda_trace_spans_total", "service, outcome"), "{{service}} {{outcome}}"),
                ),
                series(
                    "Dead letters",
                    "New ones a minute.",
                    (per_minute("yingda_dead_letters_total", "service"), "{{service}}"),
                ),
            ),
        ),
        Row(
            "Database",
            (
                series(
                    "Connections in use",
                    "Of each process's pool.",
                    ("sum by (service) (yingda_database_connections)", "{{service}}"),
                ),
                series(
                    "Clock drift",
                    "Of the services' machines against PostgreSQL's.",
                    ("max by (service) (yingda_clock_drift_seconds)", "{{service}}"),
                    unit="s",
                ),
                series(
                    "Expired rows",
                    "Removed a minute, by table: messages after their days, records after their work order's.",
                    (per_minute("yingda_expired_rows_total", "service, table"), "{{service}} {{table}}"),
                ),
            ),
        ),
    ),
)
