"""Notify: the customer and the staff are told, each thing once (handbook, section 5).

Consumes contact.registered and .completed (whom to address and how), all workorder.* (what there is to tell),
workorder.handed_over, sla.warned, sla.escalated, callback.completed, survey.issued and report.published; emits
notification.sent, .delivered, .failed, .suppressed and .unknown.

An event becomes rows of the queue (`domain/rules` says which), unique per cause, purpose, audience and recipient. The
sender claims rows that are due, the most urgent first and no more than the rate limits allow, commits, sends them
outside any transaction and records what came of it; what a crash left half done is found again and judged by
`domain/delivery.py` (ADR 0008). Where an address refuses for good, the next one is tried; one that does not exist goes
on the suppression list, as a keyed fingerprint. Texts are templates in `templates/`, transports are plugins
(`yingda.transports`, see `ports.py`); built in are `file`, `smtp` and `webhook`.

    domain/     rules (event -> notices), recipients, limits, digests, delivery, quiet hours, wording; pure
    handlers/   events in, the sender's loop, recovery; commands of operators, receipts, suppressed addresses
    store/      contacts and work orders as far as messages need them, the queue, windows, suppressions
"""
