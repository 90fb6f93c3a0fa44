"""A mixed load: what a service department meets within two days, so that there is something of everything to see."""

import asyncio
import itertools
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx

from shared.policy.loader import DEFAULT_POLICY
from tests.e2e.suite import Suite, contact
from tests.pace import steadily
from tests.polling import until
from tests.unit.attachments.files import PNG
from tests.web_client import get, post_form

BEGIN: Final = datetime.fromisoformat("2026-12-30T08:00:00+08:00")
"""A Wednesday: three office days from then are over in January, of which nobody knows the holidays yet (R-SLA-13)."""
SPEED: Final = 7200
CLOCK: Final = f"{BEGIN.isoformat()}@{SPEED}"
_CHANGES: Final = {
    "      email: [file]\n      # wechat": "      email: [webhook]\n      # wechat",  # a provider that fails
    "      staff: [{count: 60, per: 1m wall}]": "      staff: [{count: 1, per: 1d wall}]",
    "    sample_percent: 5 ": "    sample_percent: 100 ",
    'weekly: {day: mon, at: "08:00"}': 'weekly: {day: thu, at: "16:00"}',
    "    - {on: breach, to: supervisor}\n": "    - {on: breach, to: supervisor, actions: [webhook]}\n",
    "\nplugins:\n": (
        "\nplugins:\n  endpoints: {web_form: {}}\n"
        "  escalation_actions: {webhook: {url: PROVIDER, key: pager_key, trusted: [127.0.0.1]}}\n"
    ),
}


def policy_file(folder: Path, provider: str) -> Path:
    """Write the policy of the load: a provider fails, staff are told little at a time, all is reviewed, breaches are paged."""
    text = DEFAULT_POLICY.read_text(encoding="utf-8")
    for old, new in _CHANGES.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new.replace("PROVIDER", provider))
    path = folder / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    return path


class Load:
    """Customers, staff and supervisors at a running suite."""

    def __init__(self, suite: Suite) -> None:
        self._suite = suite
        self._began = time.monotonic()
        self._phones = itertools.count(13800138000)

    async def run(self) -> None:
        """Do everything once, side by side; returns when all of it is done."""
        await asyncio.gather(
            self._contented(), self._disappointed(), self._unreachable(), self._complex(), self._unclear(),
            self._calls(), self._odd(), self._left_alone(), self._member(), self._by_mail(), self._people(),
            self._by_form(),
        )  # fmt: skip

    def _now(self) -> datetime:
        return BEGIN + SPEED * timedelta(seconds=time.monotonic() - self._began)

    async def _write(self, text: str, channel: str = "web", **fields: Any) -> str:
        """Send a contact as its channel does; return its source id."""
        customer = {"name": "王芳", "honorific": "女士", "phone": str(next(self._phones)), **fields.pop("customer", {})}
        given = contact(text, **{"occurred_at": self._now().isoformat(), "customer": customer, **fields})
        return await self._suite.publish(given, channel)

    async def _order(self, text: str, channel: str = "web", **fields: Any) -> tuple[dict[str, Any], str]:
        """Send a contact; return the work order that it became, as commands name it, and the department's name."""
        source_id = await self._write(text, channel, **fields)
        opened = (await self._suite.event("workorder.opened", source_id=source_id))["data"]
        return {"work_order_id": opened["work_order_id"]}, opened["department"]

    async def _result(self, text: str, words: str, **fields: Any) -> tuple[dict[str, Any], str]:
        """Let a work order be answered, resolved and signed; return it, and the callback that follows."""
        done = self._suite.done
        order, department = await self._order(text, **fields)
        await done("workorder.respond", f"{department}-1", **order, text="您好，我马上为您处理。")
        await done("workorder.resolve", f"{department}-1", **order, text=words)
        await done("workorder.sign", f"{department}-supervisor", **order, approve=True)
        scheduled = await self._suite.event("callback.scheduled", kind="callback", **order)
        return order, scheduled["data"]["callback_id"]

    async def _asked(self, callback_id: str, **answers: Any) -> None:
        await self._suite.done("callback.record", "service-1", callback_id=callback_id, **answers)

    async def _by_form(self) -> None:
        """A form of the website, for a while; each is posted twice, one that says nothing and one with a picture beside it."""
        url = f"{self._suite.endpoints['adapters']['gateway']}/web_form"
        async for number in steadily(2, 30):
            fields = {
                "text": f"洗衣机 {number} 漏水，要求维修",
                "phone": str(next(self._phones)),
                "id": f"form-{number}",
            }
            for posted in (fields, fields, {"text": ""}):
                await post_form(url, posted)
            async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
                picture = {"photo": ("leak.png", PNG + bytes([number]), "image/png")}
                await http.post(url, data={**fields, "id": f"picture-{number}"}, files=picture)

    async def _contented(self) -> None:
        """A good score becomes knowledge, and is found useful (R-FB-04)."""
        order, callback = await self._result("洗衣机漏水，要求维修", "更换门封后不再漏水，保修延长一年。")
        await self._asked(callback, outcome="reached", solved=True, score=10, satisfaction="very_satisfied")
        await self._suite.event("knowledge.drafted")
        listed = await self._suite.done("knowledge.list", "market-supervisor", state="draft")
        entry = listed["entries"][0]["entry_id"]
        await self._suite.done("knowledge.review", "market-supervisor", entry_id=entry, approve=True)
        await self._suite.done("knowledge.rate", "service-1", entry_id=entry, useful=True)
        await self._suite.event("workorder.closed", **order)

    async def _disappointed(self) -> None:
        """A bad score reopens the work order, and the supervisor calls (R-FB-03)."""
        order, callback = await self._result("空调不制冷，要求换货", "已经处理")
        await self._asked(callback, outcome="reached", solved=False, score=3, satisfaction="dissatisfied")
        await self._suite.event("workorder.reopened", **order)

    async def _unreachable(self) -> None:
        """Three attempts, then a survey, which is answered on its page (R-FB-01, R-FB-02)."""
        order, callback = await self._result(
            "请问扫地机器人有哪些型号", "型号和价格已发给您", category="product_inquiry"
        )

        async def given_up() -> bool:
            told = await self._suite.done("callback.record", "service-1", callback_id=callback, outcome="no_answer")
            return bool(told["state"] == "completed")

        await until(given_up, 90, every=1)
        await self._suite.event("notification.sent", seconds=90, purpose="survey", **order)
        (link,) = {word for one in self._suite.messages() for word in one["text"].split() if "/s/" in word}
        url = link[link.index("http") :].rstrip("。，,")
        assert (await get(url)).status == 200
        assert (await post_form(url, {"solved": "yes", "score": "9", "satisfaction": "satisfied"})).status == 303

    async def _complex(self) -> None:
        """Another department helps, something is promised, the customer is waited for; in the end it is void."""
        done = self._suite.done
        order, department = await self._order("投诉：冰箱维修了两次还没好", tags=[])
        due = (self._now() + timedelta(days=9)).isoformat()
        asked = {"department": "technical", "deliverable": "故障原因", "due_at": due}
        await done("workorder.collaborate", f"{department}-1", **order, **asked)
        asked_for = (await self._suite.event("workorder.collaborated", **order))["data"]["collaboration_id"]
        await done("workorder.deliver", "technical-1", **order, collaboration_id=asked_for, text="压缩机老化")
        await done("workorder.promise", f"{department}-1", **order, at=due, text="明天之前更换")
        await done("workorder.respond", f"{department}-1", **order, text="这个我不清楚，不归我管")  # R-FB-06
        await done("workorder.pause", f"{department}-1", **order, reason="等客户确认")
        await done("workorder.resume", f"{department}-1", **order)
        await done("workorder.cancel", f"{department}-supervisor", **order, reason="客户撤回投诉")

    async def _unclear(self) -> None:
        """What nobody can tell is classified by hand (R-RT-01); its result waits to be signed."""
        order, _ = await self._order("你好，在吗", "wechat")
        await self._suite.done("workorder.classify", "service-1", **order, category="product_inquiry")
        await self._suite.done(
            "workorder.transfer", "market-supervisor", **order, department="network", reason="属于平台服务"
        )
        await self._suite.done("workorder.resolve", "network-1", **order, text="已为您开通")

    async def _calls(self) -> None:
        """One call broke three limits, one was missed (R-IN-10)."""
        limits = {"rings": 5, "introduction_seconds": 40, "hold_seconds": 90, "unresolved": True}
        await self._write("客户投诉付费推广没有效果", "phone", call=limits, duration_seconds=700, agent_id="service-1")
        await self._write("", "phone", call={"missed": True, "rings": 8})

    async def _odd(self) -> None:
        """One contact that cannot be read, one with a detail that was not volunteered, one that is completed."""
        await self._suite.publish({"occurred_at": "yesterday", "text": "你好", "customer": {}})
        bought = {"email": "bought@example.com", "provenance": {"email": "purchased"}}
        await self._write("想了解一下扫地机器人", customer=bought)
        order, _ = await self._order("我们想投放首页轮播广告位", category="ad_slot", details={})
        opened = (await self._suite.event("workorder.opened", **order))["data"]
        added = {"details": {"ad_duration": "一个月"}}
        await self._suite.done("contact.complete", "service-1", contact_id=opened["contact_id"], **added)

    async def _left_alone(self) -> None:
        """Nobody answers these: warnings, breaches, and one of them urgent (R-SLA-09, R-SLA-10)."""
        order, _ = await self._order("有客户在展厅晕倒了，需要急救", category="emergency", topic="medical")
        # It was sent before Christmas: so much is late, and the weeks since then have a report (R-FB-05).
        await self._write("请问电视机的价格", "app", occurred_at="2026-12-17T10:00:00+08:00")
        await self._write("请问产品的价格", "app", category="product_inquiry")
        await self._suite.event("sla.breached", seconds=90, subject_id=order["work_order_id"])

    async def _member(self) -> None:
        """Three office days: what is due next year is provisional (R-SLA-13)."""
        order, department = await self._order("我们公司想入驻平台", category="membership")
        await self._suite.done("workorder.respond", f"{department}-1", **order, text="您好，我把需要的材料发给您。")

    async def _by_mail(self) -> None:
        """The gateway for mail fails, and whoever wants no messages gets none (R-NT-06, R-NT-07)."""
        preferred = {"preferences": {"channel": "email"}}
        for name in ("one", "two", "three", "four"):
            await self._write("请问发票怎么开", customer={"phone": None, "email": f"{name}@example.com", **preferred})
        phone = str(next(self._phones))
        await self._suite.done("notification.unsubscribe", "service-1", channel="sms", address=phone)
        await self._write("请问发票怎么开", customer={"phone": phone})

    async def _people(self) -> None:
        """Somebody goes for a meal and comes back (R-SLA-07)."""
        for state in ("meal", "available"):
            await self._suite.done("agent.presence", "network-1", agent_id="network-1", state=state)
