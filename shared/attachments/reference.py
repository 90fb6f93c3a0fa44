"""What a contact says of a file that came with it."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

Reason = Literal["too_large", "too_many", "type", "can_run", "empty"]

URI: Final = "yingda:attachment:"
_DOCUMENTS: Final = ("application/pdf", "application/rtf", "application/ofd", "application/msword", "application/vnd.")
_ARCHIVES: Final = {
    "application/zip",
    "application/gzip",
    "application/vnd.rar",
    "application/x-7z-compressed",
    "application/x-tar",
}


@dataclass(frozen=True, slots=True)
class File:
    """A file as it came: the name and media type are what the sender says."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that is kept. `media_type` is what the content shows, `declared` what the sender said where that differs."""

    name: str
    media_type: str
    size: int
    sha256: str
    obtained: str = ""
    declared: str | None = None

    def reference(self) -> dict[str, Any]:
        """Return what stands in the contact's `attachments`."""
        return _told(self) | {"uri": f"{URI}{self.sha256}"} | ({"declared": self.declared} if self.declared else {})


@dataclass(frozen=True, slots=True)
class RefusedAttachment:
    """A file that is not kept, and why: a word for programs, a sentence for people."""

    name: str
    media_type: str
    size: int
    sha256: str
    reason: Reason
    why: str
    obtained: str = ""

    def reference(self) -> dict[str, Any]:
        """Return what stands in the contact's `attachments`: it has no `uri`."""
        return _told(self) | {"refused": self.reason, "why": self.why}


def _told(file: Attachment | RefusedAttachment) -> dict[str, Any]:
    return {
        "kind": kind_of(file.media_type),
        "name": file.name,
        "how_obtained": file.obtained or None,
        "media_type": file.media_type,
        "size": file.size,
        "sha256": file.sha256,
    }


def kind_of(media_type: str) -> str:
    """Return in one word what kind of file it is (R-IN-02)."""
    family = media_type.partition("/")[0]
    if family in {"image", "audio", "video", "text"}:
        return family
    if media_type in _ARCHIVES:
        return "archive"
    if media_type == "message/rfc822":
        return "mail"
    return "document" if media_type.startswith(_DOCUMENTS) else "file"
