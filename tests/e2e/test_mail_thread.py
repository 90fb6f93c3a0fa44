"""An exchange of mails with a whole suite: one work order, one notice of acceptance, staff told, books that balance."""

import base64
from typing import Any

import pytest

from services.intake.plugins.email import mail_id, take_apart
from tests.e2e.suite import Suite, running_suite
from tests.polling import until

pytestmark = pytest.mark.timeout(300)
"""A whole suite takes its time to start and to end where the machine has much else to do."""

MAILBOX = "service@example.com"
BEGINS = "2026-11-23T10:00:00+08:00"


def mail(key: str, text: str, *headers: str, sender: str = "王芳 <wang@example.org>") -> bytes:
    lines = (f"From: {sender}", f"To: {MAILBOX}", f"Message-ID: <{key}@example.org>", *headers)
    return "\r\n".join((*lines, "Content-Type: text/plain; charset=utf-8", "", text)).encode()


async def send(suite: Suite, content: bytes) -> str:
    """Publish a mail as the adapters do; return what identifies it."""
    taken = take_apart(content)
    form: dict[str, Any] = {
        "raw": base64.b64encode(taken.raw).decode(),
        "received_at": BEGINS,
        "mailbox": MAILBOX,
    }
    return await suite.publish(form, "email", mail_id(content))


async def test_an_exchange_of_mails_is_one_work_order() -> None:
    """R-IN-06, R-NT-01, R-NT-07, guarantee 6: through every service."""
    async with running_suite(f"{BEGINS}@1") as suite:
        first = await send(suite, mail("m1", "您好，我上周买的空调不制冷，要求换货", "Subject: 空调坏了"))
        opened = (await suite.event("workorder.opened", source_id=first))["data"]
        await suite.event("notification.sent", work_order_id=opened["work_order_id"], purpose="accepted")
        subject = f"Subject: Re: {opened['number']}"
        answer = await send(suite, mail("m2", "补充：订单号 4711\n\n> 您的问题已受理", subject))
        stranger = await send(suite, mail("s1", "我也想知道", subject, sender="li@example.net"))
        away = await send(suite, mail("m3", "我在休假", subject, "Auto-Submitted: auto-replied"))
        joined = (await suite.event("workorder.contacted", source_id=answer))["data"]
        assert joined["work_order_id"] == opened["work_order_id"]
        other = (await suite.event("workorder.opened", source_id=stranger))["data"]
        assert other["work_order_id"] != opened["work_order_id"]
        assert (await suite.event("contact.set_aside", source_id=away))["data"]["kind"] == "auto_replied"
        registered = (await suite.event("contact.registered", source_id=answer))["data"]
        assert registered["personal"]["text"] == "补充：订单号 4711"
        await until(lambda: any("再次来信" in one["text"] for one in suite.messages("email")), 60)
        told = suite.all("notification.sent", purpose="accepted", work_order_id=opened["work_order_id"])
        assert len(told) == 1
        run = await suite.done("reconciliation.run", "service-1", since=BEGINS)

        async def ended() -> bool:
            return (await suite.done("reconciliation.show", "service-1", run_id=run["run_id"]))["run"][
                "ended_at"
            ] is not None

        await until(ended, 90)
        shown = await suite.done("reconciliation.show", "service-1", run_id=run["run_id"])
        assert shown["differences"] == []
        found = {stage["stage"]: stage["found"] for stage in shown["run"]["stages"]}
        assert found == {"received": 4, "workorders": 3, "clocks": 3, "notices": 3, "cases": 3}
