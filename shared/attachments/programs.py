"""What can run: by the first bytes, by the suffix of the name, and by what is hidden in a document."""

import re
from typing import Final

from shared.attachments.names import safe_name

_STARTS: Final = (
    b"\x7fELF",  # Linux, Android
    b"\xfe\xed\xfa\xce",  # macOS, of either byte order and width
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",  # Java, and macOS for several processors
    b"dex\n",  # Android
    b"\x00asm",  # WebAssembly
    b"L\x00\x00\x00\x01\x14\x02\x00",  # a Windows shortcut
    b"ITSF",  # compiled HTML help
    b"<?php",
)
_WINDOWS: Final = b"MZ"
"""Two letters that a text may begin with as well; in the header of a program there are zeros."""
_HEADER: Final = 64
_SHEBANG: Final = re.compile(rb"\A(?:\xef\xbb\xbf)?#![ \t]*/")
_WRITTEN: Final = (
    "apk app appimage appref-ms asp aspx bash bat cmd com command cpl crx deb desktop dll dmg docm dotm elf exe "
    "gadget hta htm html inf ins inx ipa iso isp jar js jse jsp ksh lnk mht mhtml mjs msc msi msix msp mst ocx osx "
    "out php pif pkg pl potm ppam ppsm pptm prg ps1 ps1xml psm1 py pyc pyw rb reg rgs rpm run scf scr sct sh shb "
    "shs svg svgz swf sys u3p url vb vbe vbs vbscript vhd vhdx wasm workflow ws wsc wsf wsh xbap xhtml xlam xll "
    "xlsm xltm zsh "
)
_SUFFIXES: Final = frozenset(_WRITTEN.split())
_HIDDEN_IN_ZIP: Final = (b"vbaProject.bin", b"AndroidManifest.xml", b"META-INF/MANIFEST.MF")
_HIDDEN_IN_OLE: Final = "_VBA_PROJECT".encode("utf-16-le")
_OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_ACTIVE: Final = re.compile(  # where a comment ends is not asked: trying every end would take for ever
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?)?<(?:!doctype\s+(?:html|svg)|html|head|body|script|svg|iframe)\b",
    re.IGNORECASE | re.DOTALL,
)


def is_program(name: str, content: bytes) -> bool:
    """Return whether the file is a program or script, or holds one where office programs and Java look for it."""
    if safe_name(name).rpartition(".")[2].lower() in _SUFFIXES or content.startswith(_STARTS):
        return True
    if _SHEBANG.match(content) or (content.startswith(_WINDOWS) and b"\x00" in content[:_HEADER]):
        return True
    if content.startswith(b"PK\x03\x04"):
        return any(hidden in content for hidden in _HIDDEN_IN_ZIP)
    return content.startswith(_OLE) and _HIDDEN_IN_OLE in content


def active(content: bytes) -> bool:
    """Return whether a browser would take the content for a page or a drawing, in which scripts run."""
    return _ACTIVE.match(content[:65_536]) is not None
