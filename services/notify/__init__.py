"""Notify: the customer and the staff are told, each thing once (handbook, section 5).

Consumes contact.registered (whom to address and how), all workorder.* (what there is to tell), workorder.handed_over,
sla.warned, sla.escalated and callback.completed; emits notification.sent, .failed, .suppressed and .unknown.

An event becomes rows of the queue (`domain/rules.py` says which), unique per cause, purpose, audience and recipient.
The sender claims rows that are due, commits, sends them outside any transaction and records what came of it; what a
crash left half done is found again and judged by `domain/delivery.py` (ADR 0008). Texts are templates in `templates/`,
transports are plugins (`yingda.transports`, see `ports.py`); built in are `file` and `smtp`.

    domain/     rules (event -> notices), recipients, delivery, quiet hours, wording; pure
    handlers/   events in, the sender's loop, recovery, commands of operators
    store/      contacts and work orders as far as messages need them, and the queue
"""
