"""SLA: every deadline of the handbook is a clock that is watched to the second (handbook, section 4).

Consumes every `workorder.*` event, `callback.scheduled`, `.completed` and `.withdrawn`, `notification.sent` and
`agent.presence_changed`. Emits `sla.started`, `.warned`, `.breached`, `.met`, `.paused`, `.resumed`, `.cancelled`,
`.escalated` and `.rescheduled`. Answers the commands `sla.list`, `sla.rebase`,
`sla.actions`, `sla.retry_actions` and `reconciliation.clocks`. Its plugins are the actions of an escalation.

    app.py     the composition root: handler, watch, renewal, desk, gauges
    handlers/  events.py (a batch: load the clocks concerned, apply, save, emit), watch.py (the loop that finds what is
               due: any number of replicas side by side), horizon.py (up to which moment it may judge), renewal.py
               (newer holiday data), actions.py (what escalations set off, from a queue), commands.py and action_desk.py
    domain/    plan.py (which clocks an event starts and meets), clock.py (one clock's state), steps.py (start, pause,
               resume, meet, cancel), due.py (warnings, breach, ladder), renew.py and rebase.py (due times that move),
               workorder_clocks.py (what each event does to a work order's clocks) on side_clocks.py (those that not
               every work order has) on live_clocks.py (the clocks as a set), agent_clocks.py, subject.py (what is
               remembered between events), policies.py (which policy a clock lives by), pace.py (business and wall time)
    store/     the schema `sla`, its set-based statements, and what is read from it for metrics

Guarantees: a clock ends in exactly one of met, breached and cancelled, whatever is redelivered or restarted; which of
them is decided by comparing timestamps, never by when somebody looked (R-SLA-09).
"""
