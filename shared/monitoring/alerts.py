"""Every alert beside those of the SLA objectives (R-OB-03); each names its runbook in docs/runbooks."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from shared.heartbeat.rollcall import STALLED_SECONDS
from shared.monitoring.objectives import Severity

SERVICES: Final = ("intake", "routing", "sla", "notify", "feedback")

_GREW: Final = (
    "sum by (department, metric) (\n"
    "  ({counter} and on (instance) time() - yingda_service_started_timestamp_seconds < {minutes} * 60)\n"
    "  or increase({counter}[{minutes}m])\n"
    ") > 0"
)
"""What a process has counted since it began, if it began within those minutes: `increase` knows nothing of what it
counted before it was first scraped, as the breaches that it finds when it comes back."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert: when `expr` has held for `lasting`, somebody is told `summary` and finds the runbook."""

    name: str
    expr: str
    lasting: str
    severity: Severity
    summary: str
    description: str
    runbook: str

    def to_rule(self) -> dict[str, Any]:
        """Return the alert as Prometheus reads it."""
        return {
            "alert": self.name,
            "expr": self.expr,
            "for": self.lasting,
            "labels": {"severity": self.severity},
            "annotations": {
                "summary": self.summary,
                "description": self.description,
                "runbook": f"docs/runbooks/{self.runbook}.md",
            },
        }


ALERTS: Final = (
    Alert(
        "YingdaServiceDown",
        "\nor\n".join(f'absent(yingda_service_up{{service="{name}"}})' for name in SERVICES),
        "1m",
        "page",
        "no {{ $labels.service }} is running",
        "Not one process of {{ $labels.service }} has been ready for a minute; its work waits in the bus.",
        "service-down",
    ),
    Alert(
        "YingdaServerAway",
        "min by (server, service) (yingda_server_up) == 0",
        "1m",
        "page",
        "{{ $labels.service }} does not reach {{ $labels.server }}",
        "{{ $labels.service }} has not reached {{ $labels.server }} for a minute; nothing is lost, everything waits.",
        "server-away",
    ),
    Alert(
        "YingdaUrgentBreach",
        _GREW.format(counter="yingda_urgent_breaches_total", minutes=10),
        "0m",
        "page",
        "an urgent work order of {{ $labels.department }} missed its {{ $labels.metric }}",
        "{{ $value | humanize }} clocks of urgent work orders were breached within ten minutes.",
        "urgent-breach",
    ),
    Alert(
        "YingdaBacklogGrowing",
        "max by (service) (yingda_consumer_backlog) > 1000\n"
        "and\nderiv((max by (service) (yingda_consumer_backlog))[10m:30s]) > 0",
        "10m",
        "page",
        "{{ $labels.service }} falls behind",
        "{{ $value | humanize }} messages wait for {{ $labels.service }}, and there are more every minute.",
        "backlog-growing",
    ),
    Alert(
        "YingdaOutboxStuck",
        "max by (service) (yingda_outbox_oldest_seconds) > 60",
        "2m",
        "page",
        "events of {{ $labels.service }} are not published",
        "The oldest event of {{ $labels.service }} has waited for {{ $value | humanizeDuration }} to be published.",
        "outbox-stuck",
    ),
    Alert(
        "YingdaParkedMessages",
        "max by (service) (yingda_parked_messages) > 0",
        "10m",
        "ticket",
        "{{ $labels.service }} waits for earlier versions of work orders",
        "{{ $value | humanize }} events wait for an earlier one that has not come for ten minutes.",
        "parked-messages",
    ),
    Alert(
        "YingdaDeadLetters",
        "max by (service) (yingda_dead_letters_open) > 0",
        "5m",
        "ticket",
        "{{ $labels.service }} has dead letters",
        "{{ $value | humanize }} messages could not be handled and wait for somebody to look at them.",
        "dead-letters",
    ),
    Alert(
        "YingdaWatcherLate",
        "histogram_quantile(0.99, sum by (le, kind) (rate(yingda_sla_detection_lateness_seconds_bucket[10m]))) > 5",
        "5m",
        "page",
        "the watcher finds each {{ $labels.kind }} too late",
        "One in a hundred was found more than {{ $value | humanizeDuration }} after it was due (R-SLA-14).",
        "watcher-late",
    ),
    Alert(
        "YingdaLoopStalled",
        "time() - max by (service, loop) (yingda_loop_heartbeat_timestamp_seconds) > 120",
        "1m",
        "page",
        "the loop {{ $labels.loop }} of {{ $labels.service }} stands still",
        "It last turned {{ $value | humanizeDuration }} ago; what it watches is not watched.",
        "loop-stalled",
    ),
    Alert(
        "YingdaStandsStill",
        f"max by (service, part) (yingda_heartbeat_age_seconds) > {STALLED_SECONDS:g}\n"
        "unless on ()\nmin(yingda_server_up) == 0",
        "0m",
        "page",
        "{{ $labels.part }} of {{ $labels.service }} stands still",
        "For {{ $value | humanizeDuration }} it has had work without getting on with it, as the other services hear it.",
        "stands-still",
    ),
    Alert(
        "YingdaReconciliationDifference",
        "max by (stage) (yingda_reconciliation_difference) > 0",
        "0m",
        "page",
        "something is missing: {{ $labels.stage }}",
        "{{ $value | humanize }} of what came in is neither there nor rejected, a dead letter or on its way.",
        "reconciliation-difference",
    ),
    Alert(
        "YingdaReconciliationOverdue",
        "time() - max(yingda_reconciliation_timestamp_seconds) > 3 * 3600",
        "5m",
        "ticket",
        "the books have not been held against one another for hours",
        "The last hourly reconciliation ended {{ $value | humanizeDuration }} ago.",
        "reconciliation-overdue",
    ),
    Alert(
        "YingdaProviderFailing",
        'sum by (transport) (increase(yingda_notifications_total{outcome=~"failed|unknown"}[15m]))\n'
        "/\nsum by (transport) (increase(yingda_notifications_total[15m])) > 0.1",
        "5m",
        "page",
        "the transport {{ $labels.transport }} fails",
        "{{ $value | humanizePercentage }} of what {{ $labels.transport }} was given failed or stayed unanswered.",
        "provider-failing",
    ),
    Alert(
        "YingdaPluginOut",
        "min by (kind, plugin) (yingda_plugin_works) == 0\nor\nmax by (kind, plugin) (yingda_plugin_left_alone) == 1",
        "2m",
        "page",
        "the {{ $labels.kind }} {{ $labels.plugin }} is out",
        "It cannot be used, or failed again and again; nothing else stops, and what was meant for it is kept.",
        "plugin-out",
    ),
    Alert(
        "YingdaHolidayDataMissing",
        "min by (calendar) (yingda_calendar_official_days) < 30",
        "1h",
        "ticket",
        "the holiday schedule of the calendar {{ $labels.calendar }} ends soon",
        "Official holidays are known for {{ $value | humanize }} more days; later deadlines are provisional (R-SLA-13).",
        "holiday-data-missing",
    ),
    Alert(
        "YingdaAnswerRateLow",
        "max(yingda_call_answer_rate_ratio) < max(yingda_call_answer_rate_target_ratio)",
        "30m",
        "ticket",
        "telephone calls stay unanswered",
        "Only {{ $value | humanizePercentage }} of today's calls were answered (R-IN-10).",
        "answer-rate-low",
    ),
    Alert(
        "YingdaClockDrift",
        "max by (service) (abs(yingda_clock_drift_seconds)) > 30",
        "10m",
        "ticket",
        "the clock of a machine of {{ $labels.service }} is wrong",
        "It differs from PostgreSQL's by {{ $value | humanizeDuration }}; deadlines go by PostgreSQL's, logs do not.",
        "clock-drift",
    ),
)


def other_alerts() -> Iterator[dict[str, Any]]:
    """Yield every alert of this file as Prometheus reads it."""
    for alert in ALERTS:
        yield alert.to_rule()
