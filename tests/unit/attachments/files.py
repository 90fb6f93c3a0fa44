"""Small files of many types, made here: what their first bytes show is all that counts."""

import io
import zipfile
from typing import Final

OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)
PNG: Final = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40)
PDF: Final = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
JPEG: Final = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(40)


def zipped(*names: str, **contents: str) -> bytes:
    """Return an archive with these names in their order."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name in (*contents, *names):
            archive.writestr(name, contents.get(name, "x"))
    return written.getvalue()
