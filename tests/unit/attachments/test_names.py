"""Names of files are made safe (R-IN-02): no path, nothing invisible, not too long, no name that a system keeps for itself."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.attachments import safe_name
from shared.attachments.names import LONGEST_BYTES, suffix_of


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("发票.pdf", "发票.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\b.txt", "b.txt"),
        ("a\x00b\r\n.txt", "ab.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a<b>|c?.txt", "a_b__c_.txt"),
        ("CON.txt", "_CON.txt"),
        (".bashrc", "bashrc"),
        ("a.txt. . ", "a.txt"),
        ("", "attachment"),
        ("../", "attachment"),
        ("字" * 300 + ".pdf", "字" * 65 + ".pdf"),
    ],
)
def test_a_name_is_made_safe(name: str, expected: str) -> None:
    assert safe_name(name) == expected


@given(st.text(max_size=400))
def test_a_safe_name_stays_as_it_is_and_fits(name: str) -> None:
    safe = safe_name(name)
    assert safe == safe_name(safe)
    assert 0 < len(safe.encode()) <= LONGEST_BYTES + 1
    assert not set('/\\<>:"|?*') & set(safe)
    assert not any(unicodedata.category(char)[0] == "C" for char in safe)
    assert safe[0] != "."


def test_the_suffix_is_that_of_the_safe_name() -> None:
    assert suffix_of("a.PDF ") == ".pdf"
    assert suffix_of("a/b") == ""
