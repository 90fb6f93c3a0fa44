"""Channels: where contacts come from, what could not be read, and how the telephone is answered (R-IN-10)."""

from shared.monitoring.grafana import Dashboard, Row, bars, in_range, per_minute, quantile, series, stat

DASHBOARD = Dashboard(
    "yingda-channels",
    "Yingda: channels",
    rows=(
        Row(
            "Contacts",
            (
                stat(
                    "Registered", in_range("yingda_contacts_total", "", '{outcome="registered"}'), "Contacts recorded."
                ),
                stat(
                    "Rejected",
                    in_range("yingda_contacts_total", "", '{outcome="rejected"}'),
                    "Contacts that could not be read; they wait in the dead letters (R-IN-08).",
                    good_below=1,
                ),
                stat(
                    "Details not volunteered",
                    in_range("yingda_details_dropped_total"),
                    "Dropped and not stored (R-IN-03).",
                ),
                stat(
                    "Set aside",
                    in_range("yingda_contacts_total", "", '{outcome="set_aside"}'),
                    "Bounces, automatic answers and our own mail: recorded, no work order, never answered (R-NT-07).",
                ),
                stat("Completed later", in_range("yingda_contacts_completed_total"), "Registers that staff completed."),
                bars(
                    "By channel",
                    in_range("yingda_contacts_total", "channel"),
                    "{{channel}}",
                    "In the time chosen above.",
                ),
                bars(
                    "By category",
                    in_range("yingda_contacts_by_category_total", "channel, category"),
                    "{{channel}} {{category}}",
                    "What the contacts of each channel were about, in the time chosen above.",
                ),
                series(
                    "A minute",
                    "Contacts by channel.",
                    (per_minute("yingda_contacts_total", "channel"), "{{channel}}"),
                    stacked=True,
                ),
                series(
                    "Details dropped",
                    "Those not volunteered, by field (R-IN-03).",
                    (per_minute("yingda_details_dropped_total", "field"), "{{field}}"),
                ),
            ),
        ),
        Row(
            "Adapters",
            (
                stat(
                    "Published", in_range("yingda_adapter_contacts_total", "", '{outcome="published"}'), "By adapters."
                ),
                stat(
                    "Sent again",
                    in_range("yingda_adapter_contacts_total", "", '{outcome="repeated"}'),
                    "Sent again by their senders; each has its effect once (R-IN-06).",
                ),
                stat(
                    "Not taken",
                    in_range("yingda_adapter_refused_total"),
                    "Forged, too large, too many, not to be read, or the bus was away.",
                ),
                stat(
                    "Waiting for the bus",
                    "sum(yingda_adapter_waiting)",
                    "Contacts whose senders still wait for their answer.",
                    good_below=100,
                ),
                series(
                    "Brought a minute",
                    "What senders have brought, by adapter.",
                    (per_minute("yingda_adapter_received_total", "adapter"), "{{adapter}}"),
                    stacked=True,
                ),
                series(
                    "Not taken a minute",
                    "By adapter and reason.",
                    (per_minute("yingda_adapter_refused_total", "adapter, reason"), "{{adapter}} {{reason}}"),
                ),
                series(
                    "Time to acknowledgement",
                    "From a contact's arrival to the acknowledgement of JetStream: half of all, and 99 of 100.",
                    (quantile(0.5, "yingda_adapter_ack_seconds", "adapter"), "{{adapter}} half"),
                    (quantile(0.99, "yingda_adapter_ack_seconds", "adapter"), "{{adapter}} 99 %"),
                    unit="s",
                ),
            ),
        ),
        Row(
            "Files that came with contacts",
            (
                series(
                    "Files a minute",
                    "Stored, known already, or refused and why; the contact names those that were refused.",
                    (per_minute("yingda_attachments_total", "outcome"), "{{outcome}}"),
                    stacked=True,
                ),
                series(
                    "Bytes a second",
                    "Of the files that were stored.",
                    ("sum(rate(yingda_attachment_bytes_total[$__rate_interval]))", "stored"),
                    unit="bytes",
                ),
            ),
        ),
        Row(
            "Telephone",
            (
                stat(
                    "Answered today",
                    "max(yingda_call_answer_rate_ratio)",
                    "Share of today's calls that were answered.",
                    "percentunit",
                    good_above=1.0,
                ),
                stat("Target", "max(yingda_call_answer_rate_target_ratio)", "What the policy asks.", "percentunit"),
                stat(
                    "Missed",
                    in_range("yingda_calls_total", "", '{outcome="missed"}'),
                    "To be called back.",
                    good_below=1,
                ),
                series(
                    "Calls a minute",
                    "Answered and missed.",
                    (per_minute("yingda_calls_total", "outcome"), "{{outcome}}"),
                ),
                series(
                    "Limits exceeded",
                    "Rings, introduction, hold and length of calls.",
                    (per_minute("yingda_call_limits_exceeded_total", "limit"), "{{limit}}"),
                ),
            ),
        ),
    ),
)
