"""Email 邮件 as people send it: what its adapters put on the bus, and how it is read (ADR 0040).

The raw form, the `data` of an envelope on `yingda.contact.received.email`; at most 900 kB as JSON:

    {"raw": "<base64 of the mail as RFC 5322, the bodies of its attachments cut out: `take_apart(mail).raw`>",
     "attachments": [{"part": "2", …}],     one for each `take_apart(mail).parts`: the reference of the attachment store,
                                            or that of a refused one, and beside it the number of its part
     "received_at": "2026-11-23T10:15:00+08:00",   when the mailbox or the server took it; required
     "glance": "空调漏电…",                 the beginning of subject and text: looked at for what cannot wait, not read; optional
     "mailbox": "service@example.com",      ours, as configured; optional, like all that follows
     "envelope_from": "wang@example.org",   MAIL FROM; empty for a bounce (`<>`), absent where unknown
     "envelope_to": ["service@example.com"],
     "uid": 4711, "uid_validity": 1}        kept, not read

An adapter calls `take_apart(mail)`, stores each part, and publishes under `mail_id(mail)` with a `source` that stays the
same for the mailbox, whatever fetched it (`email/service@example.com`): the mail that comes twice is one contact (R-IN-06).
Both are pure and never raise, whatever the bytes are. Where an attachment could not be stored its reference says so; where there is no
reference for a part, the contact names the part all the same. Data without `raw` is the generic form of the contract.
"""

from services.intake.plugins.email.parts import RAW_LIMIT as RAW_LIMIT
from services.intake.plugins.email.parts import Part as Part
from services.intake.plugins.email.parts import TakenApart as TakenApart
from services.intake.plugins.email.parts import mail_id as mail_id
from services.intake.plugins.email.parts import take_apart as take_apart
