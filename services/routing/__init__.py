"""Routing: every contact becomes one work order in the right hands, and lives by the rules (handbook, section 3).

Consumes `contact.registered`, `contact.completed`, `sla.escalated` and `callback.completed`. Emits every `workorder.*`
event, among them `workorder.handed_over`, the 16:00 batch, and `agent.presence_changed`. Answers the commands
`yingda.command.workorder.*`, `yingda.command.agent.*` and `yingda.command.contact.verify`.

    app.py     the composition root: classifier and assigner plugins, handlers, commands, the hand-over loop
    handlers/  contacts.py opens work orders, links.py links them; events.py moves them; commands.py is the desk,
               matters.py the one for verification, links, merging and lists, people.py the one for agents;
               handover.py gives what waits for the daily cut-off to its departments (R-RT-03); distribution.py
               gives work to people inside them, people.py knows who is there (R-RT-08)
    domain/    the rules: verdict.py (category and topic), assessment.py (what follows from them), opening.py,
               lifecycle.py (the table of legal steps), steps.py and asides.py (what each does), callers.py (who may),
               automatic.py (what follows from other services' events), assignment.py and rota.py (whose it is),
               presence.py, by_hand.py, collaboration.py and deliver.py, complaints.py, numbers.py, gate.py, identity.py
               and verification.py (who the customer is), linking.py, merging.py, tags.py, supplement.py (the register
               is completed), calls.py, tendency.py
    store/     the schema `routing` and its set-based queries
    ports.py   what a classifier and an assigner are;  plugins/  the built-in ones

Guarantees: one work order per contact, numbers without gaps, versions without gaps, an illegal step changes nothing.
"""
