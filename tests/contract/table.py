"""What others rely on, written down a second time by hand: the tables of the contract, not the code, are the measure."""

CONTACT_REGISTERED = """
    contact_id channel source_id customer_id occurred_at registered_at category topic details emotion locale personal
"""
PERSONAL = "name honorific phone email company address text"
CONTACT = """
    occurred_at text customer category topic details emotion agent_id duration_seconds attachments locale
"""
CUSTOMER = "name honorific phone email company address type tier industry member_no"

WORKORDER_OPENED = """
    work_order_id number contact_id source_id customer_id channel category topic grade sensitive department queue
    classified_by confidence evidence missing_fields cutoff_at policy_version version occurred_at opened_at
"""
WORKORDER_STEP = "work_order_id number department status version cycle by at reason"
WORKORDER_VERBS = """
    responded resolved signed returned confirmed transferred paused resumed reopened closed cancelled escalated promised
    assigned
"""
SLA_STARTED = """
    clock_id subject_type subject_id metric cycle department calendar target_seconds started_at due_at provisional
"""
SLA_STEP = "clock_id subject_type subject_id metric cycle department due_at at late_seconds used_seconds"
SLA_VERBS = "warned breached met paused resumed cancelled"
NOTIFICATION = "notification_id cause_id work_order_id purpose audience transport to_masked attempt"
NOTIFICATION_VERBS = "sent failed suppressed unknown"
KNOWLEDGE = "entry_id revision category work_order_ids"

EVENTS: dict[str, str] = {
    "contact.registered": CONTACT_REGISTERED,
    "contact.rejected": "channel source_id reason errors",
    "workorder.opened": WORKORDER_OPENED,
    **{f"workorder.{verb}": WORKORDER_STEP for verb in WORKORDER_VERBS.split()},
    "workorder.handed_over": "department cutoff_at work_order_ids",
    "sla.started": SLA_STARTED,
    **{f"sla.{verb}": SLA_STEP for verb in SLA_VERBS.split()},
    **{f"notification.{verb}": NOTIFICATION for verb in NOTIFICATION_VERBS.split()},
    "callback.scheduled": "callback_id work_order_id due_at",
    "callback.completed": "callback_id work_order_id due_at outcome solved score satisfaction",
    **{f"knowledge.{verb}": KNOWLEDGE for verb in ("drafted", "published", "retired")},
    "report.published": "report period_start period_end uri",
}
"""Entity and verb of every event that others rely on, with the fields of its `data`."""

COMMANDS: dict[str, str] = {
    "workorder.respond": "work_order_id text audience",
    "workorder.resolve": "work_order_id outcome text",
    "workorder.sign": "work_order_id approve reason",
    "workorder.confirm": "work_order_id",
    "workorder.transfer": "work_order_id department reason",
    "workorder.pause": "work_order_id reason",
    "workorder.resume": "work_order_id",
    "workorder.promise": "work_order_id at text",
    "workorder.classify": "work_order_id category topic",
    "workorder.collaborate": "work_order_id department deliverable due_at",
    "workorder.reopen": "work_order_id",
    "workorder.cancel": "work_order_id reason",
    "workorder.get": "work_order_id number",
    "callback.record": "callback_id outcome solved score satisfaction comment",
    "callback.list": "",
    "contact.verify": "work_order_id name phone order_no member_no",
    "agent.presence": "agent_id state",
    "knowledge.search": "text limit",
    "knowledge.review": "entry_id approve",
}
"""Entity and verb of every command of the contract, with its fields beside `command_id` and `by`."""

NOT_YET: set[str] = set()
"""Commands of the contract that no service answers yet."""

CLOSED_SETS: dict[tuple[str, str], str] = {
    ("yingda.callback.completed.v1", "outcome"): "reached no_answer refused",
    (
        "yingda.callback.completed.v1",
        "satisfaction",
    ): "very_satisfied satisfied neutral dissatisfied very_dissatisfied not_rated",
    ("yingda.workorder.closed.v1", "outcome"): "resolved pending transferred unresolvable",
    ("yingda.workorder.resolved.v1", "outcome"): "resolved pending transferred unresolvable",
    ("yingda.contact.registered.v1", "emotion"): "calm dissatisfied anxious impatient other",
    ("contact", "emotion"): "calm dissatisfied anxious impatient other",
    ("yingda.workorder.opened.v1", "grade"): "urgent normal complex",
    ("yingda.workorder.opened.v1", "queue"): "department triage",
    ("yingda.notification.sent.v1", "audience"): "customer staff",
    (
        "yingda.notification.sent.v1",
        "purpose",
    ): "accepted progress result reopened survey handover assigned warning breach sign_request satisfaction report",
    ("yingda.command.callback.record", "outcome"): "reached no_answer refused",
    (
        "yingda.command.callback.record",
        "satisfaction",
    ): "very_satisfied satisfied neutral dissatisfied very_dissatisfied not_rated",
    ("yingda.command.workorder.resolve", "outcome"): "resolved pending transferred unresolvable",
    ("yingda.command.workorder.respond", "audience"): "customer staff",
}
"""Schema and field of every closed set, with exactly the values that are in it."""
