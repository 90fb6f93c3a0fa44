"""Plugins: which of them work, how often and how long they are called, and what goes wrong (ADR 0035)."""

from shared.monitoring.grafana import Dashboard, Row, bars, in_range, per_minute, quantile, series, stat

DASHBOARD = Dashboard(
    "yingda-plugins",
    "Yingda: plugins",
    rows=(
        Row(
            "Plugins",
            (
                stat(
                    "Cannot be used",
                    "count(min by (kind, plugin) (yingda_plugin_works) == 0) or vector(0)",
                    "Not installed, wrong settings, or a build that fails; `yingda plugins` says why.",
                    good_below=1,
                ),
                stat(
                    "Left alone",
                    "count(max by (kind, plugin) (yingda_plugin_left_alone) == 1) or vector(0)",
                    "Failed again and again: tried now and then until it works.",
                    good_below=1,
                ),
                stat("Calls", in_range("yingda_plugin_seconds_count"), "In the time chosen above."),
                stat("Failures", in_range("yingda_plugin_failures_total"), "In the time chosen above.", good_below=1),
                stat(
                    "Time in plugins",
                    in_range("yingda_plugin_seconds_sum", "", '{kind!="transport"}'),
                    "Of calls during which a service can do nothing else.",
                    "s",
                ),
                stat(
                    "Longest call in hand",
                    "max(yingda_plugin_running_seconds) or vector(0)",
                    "A synchronous call that has not returned yet; its service stands still meanwhile.",
                    "s",
                    good_below=1,
                ),
                series(
                    "Calls a minute",
                    "By plugin.",
                    (per_minute("yingda_plugin_seconds_count", "kind, plugin"), "{{kind}} {{plugin}}"),
                ),
                series(
                    "How long a call takes",
                    "The 99th of a hundred.",
                    (quantile(0.99, "yingda_plugin_seconds", "kind, plugin"), "{{kind}} {{plugin}}"),
                    unit="s",
                ),
                bars(
                    "Failures by reason",
                    in_range("yingda_plugin_failures_total", "kind, plugin, reason"),
                    "{{kind}} {{plugin}}: {{reason}}",
                    "It raised, took too long, answered with something else, or was slow.",
                ),
                series(
                    "Working",
                    "1 while a plugin is in use, 0 while it cannot be used.",
                    ("min by (kind, plugin) (yingda_plugin_works)", "{{kind}} {{plugin}}"),
                ),
            ),
        ),
    ),
)
