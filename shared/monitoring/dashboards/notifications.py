"""Notifications: what customers and staff are told, by which transport, and what fails."""

from shared.monitoring.grafana import Dashboard, Row, bars, held, in_range, per_minute, quantile, series, stat

_TOTAL = "yingda_notifications_total"
_LOST = f'sum by (transport) (rate({_TOTAL}{{outcome=~"failed|unknown"}}[$__rate_interval]))'

DASHBOARD = Dashboard(
    "yingda-notifications",
    "Yingda: notifications",
    rows=(
        Row(
            "Now",
            (
                stat("Sent", in_range(_TOTAL, "", '{outcome="sent"}'), "Taken by their transport."),
                stat("Failed", in_range(_TOTAL, "", '{outcome="failed"}'), "To be retried by hand.", good_below=1),
                stat("Unknown", in_range(_TOTAL, "", '{outcome="unknown"}'), "To be reviewed (R-NT-04).", good_below=1),
                stat(
                    "Suppressed", in_range(_TOTAL, "", '{outcome="suppressed"}'), "Not sent, with a reason (R-NT-07)."
                ),
                stat("Waiting", held("yingda_notifications_waiting"), "Queued, delayed or held in quiet hours."),
            ),
        ),
        Row(
            "Over time",
            (
                series("By outcome", "A minute.", (per_minute(_TOTAL, "outcome"), "{{outcome}}"), stacked=True),
                series("By purpose", "A minute.", (per_minute(_TOTAL, "purpose"), "{{purpose}}"), stacked=True),
                series(
                    "Failing, by transport",
                    "Share that failed or stayed unanswered; above a tenth somebody is paged.",
                    (
                        f"{_LOST} / sum by (transport) (rate({_TOTAL}[$__rate_interval]))",
                        "{{transport}}",
                    ),
                    unit="percentunit",
                ),
                series(
                    "Time of a send, p95",
                    "What the transport took.",
                    (quantile(0.95, "yingda_notification_seconds", "transport"), "{{transport}}"),
                    unit="s",
                ),
                series(
                    "Troubles",
                    "Attempts that did not succeed, and notifications put off by a rate limit, a minute.",
                    (per_minute("yingda_notification_troubles_total", "transport, what"), "{{transport}} {{what}}"),
                    (per_minute("yingda_notifications_limited_total", "limit"), "limit per {{limit}}"),
                ),
                series(
                    "For review",
                    "Notifications that somebody should look at, and addresses that get nothing any more.",
                    (held("yingda_notifications_for_review", "state"), "{{state}}"),
                    (held("yingda_suppressed_addresses", "reason"), "suppressed: {{reason}}"),
                ),
                series(
                    "Waiting",
                    "By transport.",
                    (held("yingda_notifications_waiting", "transport"), "{{transport}}"),
                ),
                bars(
                    "By transport", in_range(_TOTAL, "transport, outcome"), "{{transport}} {{outcome}}", "In the range."
                ),
            ),
        ),
    ),
)
