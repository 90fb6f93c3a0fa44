"""Cases of every alert beside those of the SLA objectives: it fires when it should, and is silent when it should be."""

from typing import Final

from tests.monitoring.case import UP, Case, fires

_PARTED = 'yingda_heartbeat_age_seconds{service="sla",part="watch",instance="notify"}'
_REACHES = 'yingda_server_up{service="sla",server="nats"}'
_LATENESS = 'yingda_sla_detection_lateness_seconds_bucket{kind="breach",metric="resolution",le="'
_URGENT = 'yingda_urgent_breaches_total{department="market",metric="resolution",instance="a"}'
_BEGAN = 'yingda_service_started_timestamp_seconds{service="sla",instance="a"}'
_SENT = 'yingda_notifications_total{transport="smtp",purpose="result",outcome="sent"}'
_FAILED = 'yingda_notifications_total{transport="smtp",purpose="result",outcome="failed"}'
_NO_BREACH = fires(
    "an urgent work order of market missed its resolution",
    "1 clocks of urgent work orders were breached within ten minutes.",
    department="market",
    metric="resolution",
    severity="page",
)

SERVICES: Final = (
    Case(
        "a service that no process of runs",
        "YingdaServiceDown",
        {**UP, 'yingda_service_up{service="sla",version="1"}': "1x5 stale"},
        9,
        (
            fires(
                "no sla is running",
                "Not one process of sla has been ready for a minute; its work waits in the bus.",
                service="sla",
                severity="page",
            ),
        ),
    ),
    Case("all run", "YingdaServiceDown", UP, 9),
    Case(
        "one of two replicas is gone: the other does its work",
        "YingdaServiceDown",
        {**UP, 'yingda_service_up{service="sla",version="1",instance="b"}': "1x5 stale"},
        12,
    ),
    Case(
        "NATS is away for one service",
        "YingdaServerAway",
        {_REACHES: "1x3 0x6"},
        8,
        (
            fires(
                "sla does not reach nats",
                "sla has not reached nats for a minute; nothing is lost, everything waits.",
                service="sla",
                server="nats",
                severity="page",
            ),
        ),
    ),
    Case("away for half a minute only", "YingdaServerAway", {_REACHES: "1x3 0 1x6"}, 8),
    Case(
        "a loop has not turned for four minutes",
        "YingdaLoopStalled",
        {'yingda_loop_heartbeat_timestamp_seconds{service="sla",loop="watch"}': "0+60x6 360x10"},
        10,
        (
            fires(
                "the loop watch of sla stands still",
                "It last turned 4m 0s ago; what it watches is not watched.",
                service="sla",
                loop="watch",
                severity="page",
            ),
        ),
    ),
    Case(
        "it turns",
        "YingdaLoopStalled",
        {'yingda_loop_heartbeat_timestamp_seconds{service="sla",loop="watch"}': "0+60x20"},
        10,
    ),
    Case(
        "the watch has work and does not get on with it",
        "YingdaStandsStill",
        {_PARTED: "0x3 45", _REACHES: "1x9"},
        4,
        (
            fires(
                "watch of sla stands still",
                "For 45s it has had work without getting on with it, as the other services hear it.",
                service="sla",
                part="watch",
                severity="page",
            ),
        ),
    ),
    Case("every part gets on", "YingdaStandsStill", {_PARTED: "0 5 12 3 20", _REACHES: "1x9"}, 4),
    Case(
        "while a server is away, YingdaServerAway tells", "YingdaStandsStill", {_PARTED: "0x3 45", _REACHES: "0x9"}, 4
    ),
    Case(
        "a clock is a minute slow",
        "YingdaClockDrift",
        {'yingda_clock_drift_seconds{service="sla"}': "-61x20"},
        15,
        (
            fires(
                "the clock of a machine of sla is wrong",
                "It differs from PostgreSQL's by 1m 1s; deadlines go by PostgreSQL's, logs do not.",
                service="sla",
                severity="ticket",
            ),
        ),
    ),
    Case("it is a second slow", "YingdaClockDrift", {'yingda_clock_drift_seconds{service="sla"}': "-1x20"}, 15),
)

MESSAGES: Final = (
    Case(
        "more come every minute than are taken",
        "YingdaBacklogGrowing",
        {'yingda_consumer_backlog{service="sla"}': "0+200x30"},
        25,
        (
            fires(
                "sla falls behind",
                "5k messages wait for sla, and there are more every minute.",
                service="sla",
                severity="page",
            ),
        ),
    ),
    Case(
        "a flood that is being worked off",
        "YingdaBacklogGrowing",
        {'yingda_consumer_backlog{service="sla"}': "9000-200x30"},
        25,
    ),
    Case("a small queue", "YingdaBacklogGrowing", {'yingda_consumer_backlog{service="sla"}': "0+20x30"}, 25),
    Case(
        "an event that does not get out",
        "YingdaOutboxStuck",
        {'yingda_outbox_oldest_seconds{service="routing"}': "0+60x9"},
        6,
        (
            fires(
                "events of routing are not published",
                "The oldest event of routing has waited for 6m 0s to be published.",
                service="routing",
                severity="page",
            ),
        ),
    ),
    Case(
        "what is late is published",
        "YingdaOutboxStuck",
        {'yingda_outbox_oldest_seconds{service="routing"}': "0 90 0 0 90 0 90 0"},
        6,
    ),
    Case(
        "a gap that does not close",
        "YingdaParkedMessages",
        {'yingda_parked_messages{service="notify"}': "3x20"},
        15,
        (
            fires(
                "notify waits for earlier versions of work orders",
                "3 events wait for an earlier one that has not come for ten minutes.",
                service="notify",
                severity="ticket",
            ),
        ),
    ),
    Case("a gap that closes", "YingdaParkedMessages", {'yingda_parked_messages{service="notify"}': "3x4 0x20"}, 15),
    Case(
        "a contact that nobody can read",
        "YingdaDeadLetters",
        {'yingda_dead_letters_open{service="intake"}': "0 1x20"},
        10,
        (
            fires(
                "intake has dead letters",
                "1 messages could not be handled and wait for somebody to look at them.",
                service="intake",
                severity="ticket",
            ),
        ),
    ),
    Case("one that was replayed", "YingdaDeadLetters", {'yingda_dead_letters_open{service="intake"}': "0 1 1 0x9"}, 10),
    Case(
        "a work order without clocks",
        "YingdaReconciliationDifference",
        {'yingda_reconciliation_difference{stage="clocks"}': "0 0 2 2"},
        3,
        (
            fires(
                "something is missing: clocks",
                "2 of what came in is neither there nor rejected, a dead letter or on its way.",
                stage="clocks",
                severity="page",
            ),
        ),
    ),
    Case(
        "the books agree",
        "YingdaReconciliationDifference",
        {'yingda_reconciliation_difference{stage="clocks"}': "0x9"},
        3,
    ),
    Case(
        "nobody has held the books together for hours",
        "YingdaReconciliationOverdue",
        {'yingda_reconciliation_timestamp_seconds{instance="a"}': "-14040x20"},
        6,
        (
            fires(
                "the books have not been held against one another for hours",
                "The last hourly reconciliation ended 4h 0m 0s ago.",
                severity="ticket",
            ),
        ),
    ),
    Case(
        "one an hour ago",
        "YingdaReconciliationOverdue",
        {'yingda_reconciliation_timestamp_seconds{instance="a"}': "-3240x20"},
        6,
    ),
)

PEOPLE: Final = (
    Case("an urgent breach", "YingdaUrgentBreach", {_URGENT: "0x12 1x9", _BEGAN: "0x30"}, 14, (_NO_BREACH,)),
    Case(
        "one that sla found as it came back, before anybody had asked it",
        "YingdaUrgentBreach",
        {_URGENT: "_x20 1x9", _BEGAN: "_x20 1200x9"},
        22,
        (_NO_BREACH,),
    ),
    Case("a breach of an hour ago", "YingdaUrgentBreach", {_URGENT: "0x12 1x80", _BEGAN: "0x100"}, 70),
    Case(
        "a Prometheus that comes back after long knows of old breaches",
        "YingdaUrgentBreach",
        {_URGENT: "1 _x60 1x20", _BEGAN: "0 _x60 0x20"},
        65,
    ),
    Case(
        "breaches that are found twenty seconds late",
        "YingdaWatcherLate",
        {f'{_LATENESS}10"}}': "0x30", f'{_LATENESS}30"}}': "0+6x30", f'{_LATENESS}+Inf"}}': "0+6x30"},
        20,
        (
            fires(
                "the watcher finds each breach too late",
                "One in a hundred was found more than 29.8s after it was due (R-SLA-14).",
                kind="breach",
                severity="page",
            ),
        ),
    ),
    Case(
        "found within a second",
        "YingdaWatcherLate",
        {f'{_LATENESS}1"}}': "0+6x30", f'{_LATENESS}5"}}': "0+6x30", f'{_LATENESS}+Inf"}}': "0+6x30"},
        20,
    ),
    Case(
        "a provider that fails one in four",
        "YingdaProviderFailing",
        {_SENT: "0+3x40", _FAILED: "0+1x40"},
        25,
        (
            fires(
                "the transport smtp fails",
                "25% of what smtp was given failed or stayed unanswered.",
                transport="smtp",
                severity="page",
            ),
        ),
    ),
    Case("one in forty", "YingdaProviderFailing", {_SENT: "0+39x40", _FAILED: "0+1x40"}, 25),
    Case("nothing is sent at night", "YingdaProviderFailing", {_SENT: "7x40", _FAILED: "2x40"}, 25),
    Case(
        "a channel whose plugin does not load",
        "YingdaPluginOut",
        {
            'yingda_plugin_works{kind="channel",plugin="fax"}': "0x20",
            'yingda_plugin_works{kind="channel",plugin="web"}': "1x20",
        },
        5,
        (
            fires(
                "the channel fax is out",
                "It cannot be used, or failed again and again; nothing else stops, and what was meant for it is kept.",
                kind="channel",
                plugin="fax",
                severity="page",
            ),
        ),
    ),
    Case(
        "a transport that works again after a minute",
        "YingdaPluginOut",
        {'yingda_plugin_left_alone{kind="transport",plugin="smtp"}': "1x1 0x20"},
        5,
    ),
    Case(
        "the holidays of next year are not known",
        "YingdaHolidayDataMissing",
        {'yingda_calendar_official_days{calendar="office"}': "21x90"},
        70,
        (
            fires(
                "the holiday schedule of the calendar office ends soon",
                "Official holidays are known for 21 more days; later deadlines are provisional (R-SLA-13).",
                calendar="office",
                severity="ticket",
            ),
        ),
    ),
    Case("known", "YingdaHolidayDataMissing", {'yingda_calendar_official_days{calendar="office"}': "200x90"}, 70),
    Case(
        "half of the calls stay unanswered; the other services export a 0 that nobody set",
        "YingdaAnswerRateLow",
        {
            'yingda_call_answer_rate_ratio{instance="intake"}': "0.5x60",
            'yingda_call_answer_rate_ratio{instance="sla"}': "0x60",
            'yingda_call_answer_rate_target_ratio{instance="intake"}': "1x60",
            'yingda_call_answer_rate_target_ratio{instance="sla"}': "0x60",
        },
        45,
        (
            fires(
                "telephone calls stay unanswered",
                "Only 50% of today's calls were answered (R-IN-10).",
                severity="ticket",
            ),
        ),
    ),
    Case(
        "all are answered",
        "YingdaAnswerRateLow",
        {
            'yingda_call_answer_rate_ratio{instance="intake"}': "1x60",
            'yingda_call_answer_rate_ratio{instance="sla"}': "0x60",
            'yingda_call_answer_rate_target_ratio{instance="intake"}': "1x60",
            'yingda_call_answer_rate_target_ratio{instance="sla"}': "0x60",
        },
        45,
    ),
)
