"""Intake 来访登记: every contact is recorded, and its customer found or created (handbook, section 2).

Consumes the raw contacts of the stream `CONTACTS` (`yingda.contact.received.<channel>`).
Emits `yingda.contact.registered.v1`, one for each contact for ever (R-IN-06), and `yingda.contact.rejected.v1` for
one that cannot be read, whose raw form waits in the dead letters (R-IN-08).

The path of a contact: its channel's plugin reads it into the normal form (`plugins/`, found by the entry point group
`yingda.channels`), its identifiers are normalised (`handlers/identifiers.py`), the strongest one decides who the
customer is (`domain/customers.py`), the customer's file is completed (`domain/customer_file.py`), and contact,
customer and event are written in one transaction (`store.py`).

When a contact happened is kept as its channel says it, a moment in the future included: the register loses nothing,
and the difference to `registered_at` shows whose clock is wrong. Only years outside 2000 to 2099 count as unreadable.
"""
