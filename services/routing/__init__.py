"""Routing: every contact becomes one work order in the right hands, and lives by the rules (handbook, section 3).

Consumes `contact.registered`, `sla.escalated` and `callback.completed`. Emits every `workorder.*` event, among them
`workorder.handed_over`, the 16:00 batch. Answers the commands `yingda.command.workorder.*`.

    app.py     the composition root: classifier plugin, handlers, commands, the hand-over loop
    handlers/  contacts.py opens work orders; events.py closes, reopens and escalates them; commands.py is the desk;
               handover.py gives what waits for the daily cut-off to its departments (R-RT-03)
    domain/    the rules: verdict.py (category and topic), assessment.py (what follows from them), opening.py,
               lifecycle.py (the table of legal steps), steps.py and asides.py (what each does), callers.py (who may),
               automatic.py (what follows from other services' events), complaints.py, numbers.py
    store/     the schema `routing` and its set-based queries
    ports.py   what a classifier plugin is;  plugins/  the built-in ones

Guarantees: one work order per contact, numbers without gaps, versions without gaps, an illegal step changes nothing.
"""
