"""The channels that ship with intake keep what every channel promises."""

from typing import Any, ClassVar, Final

from services.intake.plugins import app, phone, sms, walk_in, web
from shared.testing.contracts import ChannelContract

FORM: Final[dict[str, Any]] = {
    "occurred_at": "2026-11-23T10:15:00+08:00",
    "text": "我上周买的空调不制冷,要求换货",
    "customer": {"name": "王芳", "honorific": "女士", "phone": "13800138000", "tier": "returning"},
    "details": {"product_name": "空调", "order_no": "2024051800123"},
    "emotion": "calm",
    "attachments": [{"kind": "photo", "name": "空调.jpg", "how_obtained": "volunteered"}],
    "locale": "zh-CN",
}
READ: Final = {
    "text": "我上周买的空调不制冷,要求换货",
    "customer.name": "王芳",
    "customer.phone": "13800138000",
    "details.product_name": "空调",
    "emotion": "calm",
    "attachments.0.name": "空调.jpg",
}


class TestWeb(ChannelContract):
    plugin = web.plugin
    samples = ((FORM, READ), ({**FORM, "locale": "zh-CN,zh;q=0.9"}, {"locale": "zh-CN"}))
    unreadable = ({**FORM, "occurred_at": 3}, {**FORM, "text": ""})


class TestApp(ChannelContract):
    plugin = app.plugin
    samples = ((FORM, READ), ({**FORM, "member_no": "M-7"}, {"customer.member_no": "M-7"}))


class TestWalkIn(ChannelContract):
    plugin = walk_in.plugin
    samples = (
        ({**FORM, "agent": 17, "duration_seconds": "2:25"}, READ | {"agent_id": "17", "duration_seconds": 145.0}),
    )


class TestPhone(ChannelContract):
    plugin = phone.plugin
    call: ClassVar = {"missed": False, "rings": 2, "introduction_seconds": 12, "hold_seconds": "0:45"}
    samples = (
        ({**FORM, "agent_id": "market-1", "call": call}, READ | {"call.rings": 2, "call.hold_seconds": 45}),
        ({"occurred_at": FORM["occurred_at"], "call": {"missed": True}}, {"call.missed": True}),
    )


class TestSms(ChannelContract):
    plugin = sms.plugin
    message: ClassVar = {"id": "1", "phone": "13800138000", "text": "要求退货", "received_at": FORM["occurred_at"]}
    samples = (
        (FORM, READ),
        ({"vendor": "http", "message": message}, {"text": "要求退货", "customer.phone": "13800138000"}),
    )
