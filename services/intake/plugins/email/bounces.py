"""Mails that tell what became of a mail of ours: delivery reports (RFC 3464) and what servers send instead (R-NT-07).

Only a mail of ours that is named by its Message-ID is believed to have come back: the id is known to nobody but who
got the mail, and a forged report must not silence somebody else's address.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal

from services.intake.plugins.email import fields, words
from services.intake.plugins.email.charsets import text_of
from services.intake.plugins.email.entities import Entity, tree
from services.intake.plugins.email.own import own_ids
from services.intake.plugins.email.parts import content_of
from services.intake.plugins.email.people import Sender, is_machine
from shared.events import AsideKind, DeliveryReport

MOST: Final = 20
_LOOKED_THROUGH: Final = 200_000
_SUBJECT: Final = re.compile(
    r"(?:系统)?退信|退件|退回.{0,4}邮件|邮件.{0,6}(?:退回|无法投递|发送失败|投递失败|未送达|无法送达)|(?:投递|发送)失败|无法投递|未送达|郵件.{0,6}(?:退回|無法)"
    r"|undeliver|delivery\s+(?:status\s+)?(?:notification|failure|has\s+failed|problem|report)|failure\s+notice|mail\s+delivery\s+(?:failed|system|failure)"
    r"|returned\s+mail|mail\s+system\s+error|not\s+delivered|could\s+not\s+be\s+delivered|non[-\s]?delivery|bounce",
    re.IGNORECASE,
)
_LATE: Final = re.compile(
    r"delayed|warning: could not send|延迟|still being retried|will continue to be tried|尚未投递", re.IGNORECASE
)
_STATUS: Final = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_REPLY: Final = re.compile(r"(?<![\d.])([45]\d\d)(?=[ \-#:;])")
_NO_ADDRESS: Final = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
_NO_MAILBOX: Final = re.compile(
    r"user\s+(?:unknown|not\s+found|doesn'?t\s+exist|is\s+disabled)|no\s+such\s+(?:user|mailbox|recipient)|unknown\s+(?:user|recipient|address)"
    r"|mailbox\s+(?:not\s+found|unavailable|does\s+not\s+exist|unknown)|recipient\s+(?:address\s+rejected|not\s+found)|account\s+(?:is\s+)?(?:disabled|inactive)"
    r"|does\s+not\s+exist|(?:收件人|用户|帐号|账号|邮箱|邮件地址|地址)[^。\n]{0,20}(?:不存在|停用|错误|无效|未找到)|找不到.{0,8}(?:收件人|用户|邮箱)|mailbox\s+disabled",
    re.IGNORECASE,
)
_FULL: Final = re.compile(
    r"over\s*quota|mailbox\s+(?:is\s+)?full|quota\s+exceeded|邮箱.{0,6}已?满|空间不足|超出.{0,6}容量", re.IGNORECASE
)
State = Literal["delivered", "failed", "bounced"]
_TYPES: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a mail tells of others: its kind, and a report for each mail of ours that it names."""

    kind: AsideKind
    reports: tuple[DeliveryReport, ...] = ()


def bounce_in(
    content: bytes, mail: Entity, sender: Sender, subject: str, *, own: Collection[str], envelope_from: str | None
) -> Bounce | None:
    """Return what `mail` tells of a mail of ours; None where it is no report.

    A person who passes a report on writes it themselves: it is one only where it comes as reports do.
    """
    groups = _groups(content, mail)
    is_report = mail.media_type == "multipart/report" and bool(groups)
    nobody = envelope_from == "" or is_machine(sender.mailbox.address) or bool(mail.value("x-failed-recipients"))
    if not is_report and not (nobody and (groups or mail.value("x-failed-recipients") or _SUBJECT.search(subject))):
        return None
    text = _text(content)
    named = own_ids(text, own)[:MOST]
    if groups:
        kind, state, reason = _of_groups(groups, text)
    else:
        kind, state, reason = _of_words(subject, text)
    if kind == "delayed":
        return Bounce("delayed")
    return Bounce(kind, tuple(DeliveryReport(message_id=one, state=state, reason=reason) for one in named))


def _groups(content: bytes, mail: Entity) -> list[tuple[str, str, str]]:
    """Return action, status and diagnosis of every recipient in the report's machine-readable part."""
    found = []
    for part in mail.leaves():
        if part.media_type not in _TYPES:
            continue
        body = content_of(content, part)
        at = 0
        for _ in range(MOST):
            told, at = fields.split(body, at, len(body))
            if action := words.text(fields.first(told, "action"), 40).lower():
                status, diagnosis = (
                    words.text(fields.first(told, name), 500) for name in ("status", "diagnostic-code")
                )
                found.append((action, status, diagnosis))
            if at >= len(body):
                break
    return found


def _of_groups(groups: list[tuple[str, str, str]], text: str) -> tuple[AsideKind, State, str]:
    for action, status, diagnosis in groups:
        if action.startswith("failed"):
            told = _STATUS.search(status)
            code = told.group() if told else ""
            if code in {"", "5.0.0"}:  # says nothing more than that it failed
                better = _STATUS.search(diagnosis)
                code = better.group() if better else code
            return "bounced", _state(code, diagnosis or text), code or "failed"
    actions = {action for action, _, _ in groups}
    if any(action.startswith(("delivered", "relayed", "expanded")) for action in actions):
        return "delivered", "delivered", "delivered"
    return "delayed", "failed", "delayed"


def _of_words(subject: str, text: str) -> tuple[AsideKind, State, str]:
    if _LATE.search(subject):
        return "delayed", "failed", "delayed"
    status = next((match.group() for match in _STATUS.finditer(text) if match.group(1) == "5"), "")
    reply = next((match.group(1) for match in _REPLY.finditer(text) if match.group(1).startswith("5")), "")
    return "bounced", _state(status, text), status or reply or "failed"


def _state(status: str, said: str) -> State:
    """Return `bounced` where the address takes no mail for good, `failed` where this one mail was not taken."""
    if _FULL.search(said) or status == "5.2.2":
        return "failed"
    if status in _NO_ADDRESS:
        return "bounced"
    return "bounced" if _NO_MAILBOX.search(said) and status in {"", "5.0.0", "5.1.0", "5.5.0"} else "failed"


def _text(content: bytes) -> str:
    """Return all that a report says, its quotation of our mail included, with the transfer encodings undone."""
    found = [content[:_LOOKED_THROUGH].decode("latin-1")]
    for part in tree(content).leaves():
        if part.media_type.startswith(("text/", "message/")):
            body = content_of(content, part)[:_LOOKED_THROUGH]
            charset = part.declared.get("charset")
            found.append(text_of(body, charset.value.decode("ascii", "replace") if charset else ""))
    return "\n".join(found)
