"""SLA: every deadline of the handbook is a clock that is watched to the second (handbook, section 4).

Consumes every `workorder.*` event, `callback.completed` and `notification.sent`. Emits `sla.started`, `.warned`,
`.breached`, `.met`, `.paused`, `.resumed`, `.cancelled` and `.escalated`.

    app.py       the composition root: handler, watch loop, gauges
    handlers.py  a batch of events: load the clocks concerned, apply, save, emit
    watch.py     the loop that finds what is due: any number of replicas side by side
    horizon.py   up to which moment it may judge, while events still wait in the queue
    domain/      the rules: plan.py (which clocks an event starts and meets), clock.py (one clock's state),
                 steps.py (start, pause, resume, meet, cancel), due.py (warnings, breach, escalation ladder),
                 workorder_clocks.py (what each event does to a work order's clocks), live_clocks.py (those
                 clocks as a set), subject.py (what is remembered between events), pace.py (business and wall time)
    tables.py    the schema `sla`;  store.py  its set-based queries;  gauges.py  what is read from it for metrics

Guarantees: a clock ends in exactly one of met, breached and cancelled, whatever is redelivered or restarted; which of
them is decided by comparing timestamps, never by when somebody looked (R-SLA-09).
"""
