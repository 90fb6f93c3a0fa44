"""Files that come with contacts: kept once under their SHA-256, referred to by the contact, never opened or run here.

bucket      the object store on JetStream that holds them
store       `AttachmentStore`: putting in, by the rules of the policy, and getting out
reference   what the contact says of a file: kept, or refused and why
content     the type that the content shows; what can run
names       names made safe
objects     an object as JetStream holds it: chunks and the entry that names them
"""

from shared.attachments.bucket import ATTACHMENTS, attachment_days
from shared.attachments.errors import AttachmentError, DamagedError, NotKeptError, StoreAwayError
from shared.attachments.names import safe_name
from shared.attachments.reference import Attachment, File, Reason, RefusedAttachment
from shared.attachments.store import AttachmentStore, Held

__all__ = [
    "ATTACHMENTS",
    "Attachment",
    "AttachmentError",
    "AttachmentStore",
    "DamagedError",
    "File",
    "Held",
    "NotKeptError",
    "Reason",
    "RefusedAttachment",
    "StoreAwayError",
    "attachment_days",
    "safe_name",
]
