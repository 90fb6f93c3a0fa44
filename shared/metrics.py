"""Every metric of the suite, declared once (R-OB-01). No customer data and no ids in labels."""

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for every counter, which nobody reads

REGISTRY = CollectorRegistry(auto_describe=True)

_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class _CountedAgain(Counter):
    """A counter that finds a series it has counted before in the first look; the library checks and copies every label."""

    def labels(self, *labelvalues: Any, **labelkwargs: Any) -> Any:
        """Return the counter of that series."""
        return self._metrics.get(labelvalues) or super().labels(*labelvalues, **labelkwargs)


def _counter(name: str, text: str, *labels: str) -> Counter:
    return _CountedAgain(name, text, labels, namespace="yingda", registry=REGISTRY)


def _gauge(name: str, text: str, *labels: str) -> Gauge:
    return Gauge(name, text, labels, namespace="yingda", registry=REGISTRY)


def _histogram(name: str, text: str, *labels: str) -> Histogram:
    return Histogram(name, text, labels, namespace="yingda", buckets=_SECONDS, registry=REGISTRY)


SERVICE_UP = _gauge("service_up", "1 while the service is ready to work", "service", "version")
SERVICE_STARTED = _gauge("service_started_timestamp_seconds", "when the process of the service began", "service")

POLICY = _gauge("policy_info", "1 for the policy that the service works by", "service", "version")
POLICY_RELOADS = _counter("policy_reloads_total", "times the policy file was read again", "service", "outcome")
POLICY_REFUSED = _gauge(
    "policy_refused", "1 while the policy file was refused and the former policy stays in force", "service"
)

MESSAGES = _counter("messages_total", "messages taken from a consumer, by what became of them", "service", "outcome")
BATCH_SECONDS = _histogram("batch_seconds", "time from fetching a batch to its acknowledgement", "service")
BATCH_MESSAGES = Histogram(
    "batch_messages",
    "messages in one batch",
    ("service",),
    namespace="yingda",
    buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500, 1000),
    registry=REGISTRY,
)
SERVER_UP = _gauge("server_up", "1 while the service reaches NATS or PostgreSQL", "service", "server")
DATABASE_CONNECTIONS = _gauge("database_connections", "connections of the service's pool in use", "service")
STREAM_MESSAGES = _gauge("stream_messages", "messages that a stream holds", "stream")
STREAM_BYTES = _gauge("stream_bytes", "bytes that a stream holds", "stream")
CONSUMER_BACKLOG = _gauge("consumer_backlog", "messages that wait for the service's consumer", "service")
OUTBOX_BACKLOG = _gauge("outbox_backlog", "events written but not yet published", "service")
OUTBOX_AGE = _gauge("outbox_oldest_seconds", "age of the oldest event not yet published", "service")
OUTBOX_PUBLISHED = _counter("outbox_published_total", "events published, by the way they took", "service", "way")
PARKED = _gauge("parked_messages", "events that wait for an earlier version of their work order", "service")
DEAD_LETTERS = _counter("dead_letters_total", "messages put into the dead letters", "service")
DEAD_LETTERS_OPEN = _gauge("dead_letters_open", "dead letters that nobody has dealt with", "service")
COMMANDS = _counter("commands_total", "commands answered", "service", "command", "status")
COMMAND_SECONDS = _histogram("command_seconds", "time to answer a command", "service", "command")
LOOP_HEARTBEAT = _gauge("loop_heartbeat_timestamp_seconds", "when a loop of the service last turned", "service", "loop")
HEARTBEAT_AGE = _gauge(
    "heartbeat_age_seconds",
    "for how long a part of a service has had work without progress or been silent, as this process hears it",
    "service",
    "part",
)
EXPIRED = _counter("expired_rows_total", "rows removed when their time was over", "service", "table")
CLOCK_DRIFT = _gauge("clock_drift_seconds", "this machine's clock minus PostgreSQL's", "service")

TRACE_SPANS = _counter(
    "trace_spans_total", "spans for the collector of traces, by what became of them", "service", "outcome"
)

RECONCILED = _counter("reconciled_total", "what reconciliations have counted, by stage", "stage")
RECONCILIATION_DIFFERENCE = _gauge(
    "reconciliation_difference", "what is missing at a stage and was not settled by anybody", "stage"
)
RECONCILIATION_TIME = _gauge(
    "reconciliation_timestamp_seconds", "when the last hourly reconciliation ended, 0 in services that make none"
)

ADAPTER_RECEIVED = _counter("adapter_received_total", "what senders have brought to an adapter or endpoint", "adapter")
ADAPTER_CONTACTS = _counter(
    "adapter_contacts_total",
    "contacts that JetStream acknowledged: published or repeated",
    "adapter",
    "channel",
    "outcome",
)
ADAPTER_REFUSED = _counter("adapter_refused_total", "what an adapter or endpoint did not take", "adapter", "reason")
ADAPTER_WAITING = _gauge("adapter_waiting", "contacts that wait for the acknowledgement of JetStream", "adapter")
ADAPTER_ACK_SECONDS = _histogram(
    "adapter_ack_seconds", "time from a contact's arrival in an adapter to the acknowledgement of JetStream", "adapter"
)
ATTACHMENTS = _counter("attachments_total", "files that came with contacts, by what became of them", "outcome")
ATTACHMENT_BYTES = _counter("attachment_bytes_total", "bytes of the files that were kept")
CONTACTS = _counter("contacts_total", "contacts registered, rejected or set aside as none", "channel", "outcome")
CONTACTS_BY_CATEGORY = _counter(
    "contacts_by_category_total", "contacts by the category that they were opened under", "channel", "category"
)
CONTACTS_COMPLETED = _counter("contacts_completed_total", "contacts whose register was completed by staff")
DETAILS_DROPPED = _counter("details_dropped_total", "details not volunteered and so not stored (R-IN-03)", "field")
CALLS = _counter("calls_total", "telephone calls (R-IN-10)", "outcome")
CALL_LIMITS_EXCEEDED = _counter("call_limits_exceeded_total", "limits that telephone calls exceeded", "limit")
CALL_ANSWER_RATE = _gauge("call_answer_rate_ratio", "share of the local day's calls that were answered, 1 without any")
CALL_ANSWER_RATE_TARGET = _gauge("call_answer_rate_target_ratio", "share of calls that is to be answered")
WORKORDERS_OPENED = _counter(
    "workorders_opened_total", "work orders opened", "department", "category", "grade", "queue"
)
WORKORDER_STEPS = _counter("workorder_steps_total", "steps of work orders", "department", "step")
ASSIGNMENTS = _counter(
    "assignments_total", "work orders given to somebody, by the way they took (R-RT-08)", "department", "way"
)
AGENTS = _gauge("agents", "agents by department and presence (R-RT-08, R-SLA-07)", "department", "state")
WORKORDERS = _gauge("workorders", "work orders by department and state", "department", "status")

CLOCKS_STARTED = _counter("clocks_started_total", "clocks started", "metric", "department")
CLOCKS_WARNED = _counter("clocks_warned_total", "warnings given", "metric", "department", "percent")
CLOCKS_BREACHED = _counter("clocks_breached_total", "deadlines missed", "metric", "department")
CLOCKS_MET = _counter("clocks_met_total", "deadlines met", "metric", "department")
URGENT_BREACHES = _counter("urgent_breaches_total", "deadlines missed by urgent work orders", "metric", "department")
ESCALATION_ACTIONS = _counter(
    "escalation_actions_total", "attempts of what escalations set off, by how they ended", "plugin", "outcome"
)
ESCALATION_ACTIONS_OPEN = _gauge(
    "escalation_actions_open", "what escalations set off and is not done: waiting, refused, dead", "plugin", "state"
)
SLA_OBJECTIVE = _gauge("sla_objective_ratio", "share of clocks that is to be met, by the policy", "metric")
CALENDAR_OFFICIAL_DAYS = _gauge(
    "calendar_official_days", "days ahead for which the official holiday schedule is known (R-SLA-13)", "calendar"
)
STAGE_SECONDS = Histogram(
    "stage_seconds",
    "time that a stage of a work order took on its clock's calendar: until the clock was met, or had been used up",
    ("metric",),
    namespace="yingda",
    buckets=tuple(
        60.0 * minutes for minutes in (1, 5, 10, 20, 30, 45, 60, 120, 240, 480, 960, 1440, 2880, 4320, 10080)
    ),
    registry=REGISTRY,
)
CLOCKS_RUNNING = _gauge("clocks_running", "clocks that run now", "metric", "department")
CLOCKS_CANCELLED = _counter("clocks_cancelled_total", "clocks made void", "metric", "department")
CLOCKS_RESCHEDULED = _counter(
    "clocks_rescheduled_total", "due times moved by new holidays or a rebase", "metric", "department", "cause"
)
CLOCKS_PROVISIONAL = _gauge(
    "clocks_provisional", "running clocks whose due time waits for an official holiday schedule", "metric", "department"
)
CLOCKS_OVERDUE = _gauge("clocks_overdue", "breaches still open", "metric", "department")
CLOCK_NEXT_DUE = _gauge(
    "clock_next_due_timestamp_seconds", "earliest due time of the running clocks", "metric", "department"
)
CLOCK_OLDEST_BREACH = _gauge(
    "clock_oldest_breach_timestamp_seconds", "due time of the oldest breach still open", "metric", "department"
)
DETECTION_LATENESS = _histogram(
    "sla_detection_lateness_seconds", "how late the watcher found a warning or breach (R-SLA-14)", "kind", "metric"
)

PLUGIN_WORKS = _gauge("plugin_works", "1 while the plugin is in use, 0 while it cannot be used", "kind", "plugin")
PLUGIN_SECONDS = Histogram(
    "plugin_seconds",
    "time of one call of a plugin; how many calls there were is its count",
    ("kind", "plugin"),
    namespace="yingda",
    buckets=(0.0001, 0.001, 0.01, 0.1, 1.0, 5.0, 30.0),
    registry=REGISTRY,
)
PLUGIN_FAILURES = _counter("plugin_failures_total", "calls of a plugin that failed", "kind", "plugin", "reason")
PLUGIN_LEFT_ALONE = _gauge(
    "plugin_left_alone", "1 while a plugin that failed again and again is not called", "kind", "plugin"
)
PLUGIN_RUNNING = _gauge("plugin_running_seconds", "for how long the call in hand has been running", "kind", "plugin")

NOTIFICATIONS = _counter("notifications_total", "notifications by how they ended", "transport", "purpose", "outcome")
NOTIFICATIONS_WAITING = _gauge("notifications_waiting", "notifications that wait for their attempt", "transport")
NOTIFICATIONS_LIMITED = _counter("notifications_limited_total", "notifications put off by a rate limit", "limit")
NOTIFICATIONS_FOR_REVIEW = _gauge("notifications_for_review", "notifications that somebody should look at", "state")
NOTIFICATION_TROUBLES = _counter("notification_troubles_total", "attempts that did not succeed", "transport", "what")
SUPPRESSED_ADDRESSES = _gauge("suppressed_addresses", "addresses that get nothing any more", "reason")
NOTIFICATION_SECONDS = _histogram("notification_seconds", "time one send to a transport took", "transport")

CALLBACKS = _counter("callbacks_total", "callbacks by how they ended", "kind", "outcome")
CALLBACKS_OPEN = _gauge("callbacks_open", "callbacks still to be made", "kind")
SURVEYS_ISSUED = _counter("surveys_issued_total", "surveys for customers whom no call reached", "department")
SURVEYS_OPEN = _gauge("surveys_open", "surveys that can still be answered")
SURVEY_REQUESTS = _counter("survey_requests_total", "requests to the survey page by what came of them", "outcome")
CALLBACK_SCORE = Histogram(
    "callback_score",
    "scores that customers gave",
    ("department",),
    namespace="yingda",
    buckets=tuple(float(n) for n in range(11)),
    registry=REGISTRY,
)
SATISFACTION = _counter("satisfaction_total", "answers on the five-level scale", "department", "satisfaction")
KNOWLEDGE = _gauge("knowledge_entries", "knowledge entries by state", "state")
KNOWLEDGE_RATINGS = _counter("knowledge_ratings_total", "ratings of knowledge entries by staff", "useful")
QUALITY_FINDINGS = _counter(
    "quality_findings_total", "forbidden phrases and evasions in agents' texts", "department", "kind", "phrase"
)
QUALITY_REVIEWS_OPEN = _gauge("quality_reviews_open", "sampled conversations that wait for their review")
REPORTS = _counter("reports_total", "reports published", "report")
