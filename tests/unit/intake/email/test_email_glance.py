"""A mail that cannot wait is recognised in a long queue, although it travels in base64 (R-RT-04)."""

import base64
import json

from services.intake.domain.haste import Haste
from services.intake.plugins.email.glance import glance
from shared.policy import load_policy
from tests.unit.intake.email.mails import contact, letter, raw_form

URGENT = letter("家里空调漏电，老人触电昏迷".encode("gbk"), "Content-Type: text/plain; charset=gb2312")
CALM = letter("空调不制冷\n\n> 旧邮件：触电，昏迷，律师")


def is_hasty(mail: bytes) -> bool:
    form = raw_form(mail)
    return Haste(load_policy())(json.dumps(form | {"glance": glance(base64.b64decode(form["raw"]))}).encode())


def test_words_that_cannot_wait_are_seen_in_the_beginning_of_a_mail() -> None:
    """R-RT-04: in any charset; what is only quoted waits for its turn."""
    assert is_hasty(URGENT)
    assert not is_hasty(CALM)


def test_what_was_glanced_at_is_not_part_of_the_contact() -> None:
    """R-IN-02: it is read anew from the mail itself."""
    assert contact(URGENT, glance="invented") == contact(URGENT)
