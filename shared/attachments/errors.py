"""What can go wrong with the store of attachments; each message is one sentence.

AttachmentError
├── StoreAwayError   passes by itself: the same may be put again at any time
├── NotKeptError     there is no such file
└── DamagedError     what is kept is not what was put
"""


class AttachmentError(Exception):
    """The store of attachments cannot do what it was asked to do."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or " ".join((type(self).__doc__ or "").split()))


class StoreAwayError(AttachmentError):
    """The message bus has not acknowledged the attachment: it may be put again at any time."""


class NotKeptError(AttachmentError):
    """No such attachment is kept; its time may be over."""


class DamagedError(AttachmentError):
    """The attachment that is kept is not what was put."""
