"""Intake 来访登记: every contact is recorded, and its customer found or created (handbook, section 2).

Consumes the raw contacts of the stream `CONTACTS` (`yingda.contact.received.<channel>`).
Emits `yingda.contact.registered.v1`, one for each contact for ever (R-IN-06), `yingda.contact.completed.v1` when staff
complete its register (R-IN-04), and `yingda.contact.rejected.v1` for one that cannot be read, whose raw form waits in
the dead letters (R-IN-08). Answers `yingda.command.contact.` complete, get and calls, and `yingda.command.reconciliation.`
run, show and settle: once an hour intake asks the others what has become of everything that came in, and names what is
missing (`handlers/reconciliation/`).

The path of a contact: its channel's plugin reads it into the normal form (`plugins/`, found by the entry point group
`yingda.channels`), what the customer did not volunteer is dropped, wherever it stands (`domain/provenance.py`, R-IN-03),
and such a raw contact is taken off its stream afterwards (`handlers/erasure.py`), its identifiers are normalised (`handlers/identifiers.py`), the strongest one decides who the customer is
(`domain/customers.py`), the customer's file is completed (`domain/customer_file.py`), a call is judged by the limits of
the policy (`domain/calls.py`, R-IN-10), and contact, customer and event are written in one transaction (`store/`).

Decided: a contact fills what is empty in the customer's file and overwrites nothing, but it raises the tier and renews
preferences (R-IN-11). Staff who complete a contact may not overwrite either, unless they say that it is a correction; a
number or address by which another customer is known is refused, unless they say that both use it: two customers are
never merged (`domain/completion.py`, `handlers/completion.py`). A contact that cannot be read is kept as it came, for
whoever corrects it: what in it was volunteered is judged when it is replayed.

When a contact happened is kept as its channel says it, a moment in the future included: the register loses nothing,
and the difference to `registered_at` shows whose clock is wrong. Only years outside 2000 to 2099 count as unreadable.
"""
