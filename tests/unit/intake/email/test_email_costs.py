"""No mail keeps an adapter or intake busy for long: what is read of it costs no square of its length (R-IN-08)."""

import time

import pytest

from services.intake.plugins.email import take_apart
from services.intake.plugins.email.charsets import codec_named
from services.intake.plugins.email.glance import glance
from tests.unit.intake.email.mails import letter, read

pytestmark = pytest.mark.slow

MOST_SECONDS = 5.0
"""Of the processor's time; each takes a fraction of one, and took minutes as long as it cost a square."""
LINE = 39_000
FIELD = 250_000
SLOW = {
    "a rule, spaces, a word": letter("--" + " " * LINE + "x"),
    "a rule of stars and spaces": letter("*" * (LINE // 2) + " " * (LINE // 2) + "x"),
    "a mail program's line, and spaces": letter("来自" + " " * LINE + "x"),
    "many of them": letter(("来自" + " " * 900 + "x\n") * 40),
    "a field of a quoted mail, and spaces": letter("From" + " " * LINE + "x"),
    "what was forwarded by whom": letter(("--forwarded by" + " " * 380 + "x\n") * 100),
    "who wrote what": letter(("via via <a@b.example> 2024-1-1 on " * 11 + "\n") * 100),
    "brackets escaped in a sender": letter("hello", sender="(" + "\\(" * (FIELD // 2)),
    "quotation marks escaped in a sender": letter("hello", sender='"' + '\\"' * (FIELD // 2)),
    "a sender of one word": letter("hello", sender="a" * FIELD),
    "an angle that is never closed": letter("hello", sender="<" + " " * FIELD),
}


@pytest.mark.parametrize("name", SLOW)
def test_no_mail_takes_long(name: str) -> None:
    """R-IN-08: neither for the adapter that glances at it nor for intake."""
    began = time.process_time()
    glance(take_apart(SLOW[name]).raw)
    read(SLOW[name])
    assert time.process_time() - began < MOST_SECONDS


def test_a_charset_of_any_length_is_none() -> None:
    """R-IN-08: Python remembers for ever what it was asked for; a mail may name something else each time."""
    assert codec_named("x" * 61) == ""
    assert codec_named("gb2312") == "gb18030"
