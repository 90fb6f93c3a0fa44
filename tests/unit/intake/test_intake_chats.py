"""WeChat, WeCom and Weibo: their channels read what the vendors push, and the generic form as well (R-IN-01, R-IN-02)."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.customer_file import CustomerFile
from services.intake.domain.customers import Identifier
from services.intake.handlers.identifiers import handle_of, identifiers_of
from services.intake.plugins.push_xml import LONGEST, PushXmlError, read_push
from services.intake.plugins.wechat import WechatChannel
from services.intake.plugins.wecom import WecomChannel
from services.intake.plugins.weibo import WeiboChannel
from services.intake.ports import Channel, Unreadable
from shared.events import Contact

OPENID = "oyORnuP8q7ou2gfYjqLzSIWZf0rs"
WEIBO = {
    "type": "text",
    "receiver_id": 1902538057,
    "sender_id": 2489518277,
    "created_at": "Mon Jul 16 18:09:20 +0800 2012",
    "text": "私信或留言内容",
    "data": {},
}
KF = {
    "msgid": "from_msgid_4622416642169452483",
    "open_kfid": "wkAJ2GCAAASSm4_FhToWMFea0xAFfd3Q",
    "external_userid": "wmAJ2GCAAAme1XQRC-NI-q0_ZM9ukoAw",
    "send_time": 1615478585,
    "origin": 3,
    "msgtype": "text",
    "text": {"content": "hello world", "menu_id": "101"},
}


def push(kind: str, **fields: str) -> dict[str, str]:
    """Return a push to the official account in its raw form."""
    told = {"ToUserName": "gh_1", "FromUserName": OPENID, "CreateTime": "1348831860", "MsgType": kind, **fields}
    body = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in told.items())
    return {"xml": f"<xml>{body}</xml>"}


def contact(channel: Channel, data: Mapping[str, Any]) -> Contact:
    reading = channel.read(data)
    assert isinstance(reading, Contact), reading
    return reading


def unreadable(channel: Channel, data: Mapping[str, Any]) -> Unreadable:
    reading = channel.read(data)
    assert isinstance(reading, Unreadable)
    return reading


@pytest.mark.parametrize("channel", [WechatChannel(), WecomChannel(), WeiboChannel()], ids=lambda c: str(c.name))
def test_the_generic_form_is_read_still(channel: Channel) -> None:
    found = contact(channel, {"occurred_at": "2026-11-23T10:15:00+08:00", "text": "你好", "details": {"openid": "o1"}})
    assert (found.text, found.details) == ("你好", {"openid": "o1"})


@pytest.mark.parametrize("channel", [WechatChannel(), WecomChannel()], ids=lambda c: str(c.name))
def test_a_pushed_text_says_who_wrote_it_and_when(channel: Channel) -> None:
    found = contact(channel, push("text", Content="空调坏了 <b>&amp;", MsgId="1234567890123456"))
    assert (found.text, found.occurred_at.isoformat()) == ("空调坏了 <b>&amp;", "2012-09-28T11:31:00+00:00")
    assert (found.details["openid"], found.details["reply_to"], found.details["account"]) == (OPENID, OPENID, "gh_1")


@pytest.mark.parametrize(
    ("kind", "fields", "text", "media"),
    [
        ("image", {"PicUrl": "http://mmbiz.qpic.cn/x", "MediaId": "m-1", "MsgId": "7"}, "[图片]", ["image-7.jpg"]),
        ("voice", {"MediaId": "m-1", "Format": "amr", "MsgId": "7"}, "[语音]", ["voice-7.amr"]),
        ("voice", {"MediaId": "m-1", "Recognition": "腾讯微信团队"}, "腾讯微信团队", ["voice-1348831860.amr"]),
        ("video", {"MediaId": "m-1", "ThumbMediaId": "t", "MsgId": "7"}, "[视频]", ["video-7.mp4"]),
        ("shortvideo", {"MediaId": "m-1", "MsgId": "7"}, "[小视频]", ["shortvideo-7.mp4"]),
        ("location", {"Location_X": "23.1", "Location_Y": "113.3", "Label": "海珠区"}, "[位置] 海珠区", []),
        ("location", {"Location_X": "23.1", "Location_Y": "113.3"}, "[位置] 23.1,113.3", []),
        (
            "link",
            {"Title": "官网", "Description": "首页", "Url": "https://a.cn"},
            "[链接]\n官网\n首页\nhttps://a.cn",
            [],
        ),
        ("file", {"Title": "发票.pdf"}, "[文件] 发票.pdf", []),
        ("text", {"Content": "  "}, "[空消息]", []),
    ],
)
def test_every_kind_of_message_to_the_official_account(
    kind: str, fields: dict[str, str], text: str, media: list[str]
) -> None:
    found = contact(WechatChannel(), push(kind, **fields))
    assert (found.text, [one.name for one in found.attachments]) == (text, media)
    assert all("not fetched" in (one.how_obtained or "") for one in found.attachments)
    assert all(one.model_dump()["media_id"] == "m-1" for one in found.attachments)


@pytest.mark.parametrize(
    "raw",
    [
        {"xml": 7},
        {"xml": "no xml"},
        {"xml": "<xml></xml>"},
        {"xml": ""},
        push("event", Event="subscribe"),
        push("unheard_of"),
        push("text", FromUserName=""),
        push("text", CreateTime="yesterday"),
        push("text", CreateTime="99999999999999"),
    ],
    ids=str,
)
def test_what_is_no_message_is_unreadable_and_says_why(raw: Mapping[str, Any]) -> None:
    found = unreadable(WechatChannel(), raw)
    assert found.faults
    assert OPENID not in str(found)


BOMB = '<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><xml><Content>&b;</Content></xml>'
OUTSIDE = '<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><Content>&a;</Content></xml>'


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        OUTSIDE,
        '<!DOCTYPE xml SYSTEM "http://127.0.0.1/x.dtd"><xml/>',
        "<xml><Content>&undeclared;</Content></xml>",
        "<xml><FromUserName>a</FromUserName><FromUserName>b</FromUserName></xml>",
        "<xml>" + "<a>" * 20 + "</a>" * 20 + "</xml>",
        "<xml>" + "".join(f"<a{n}/>" for n in range(2_000)) + "</xml>",
        f"<xml><Content>{'x' * LONGEST}</Content></xml>",
        "<xml><Content>\ud800</Content></xml>",
        "<xml>",
    ],
    ids=lambda text: text[:40],
)
def test_xml_that_could_do_harm_is_refused(text: str) -> None:
    with pytest.raises(PushXmlError):
        read_push(text)


def test_xml_is_read_as_it_is_whatever_encoding_it_claims() -> None:
    """What is nested is no field; the five entities of XML itself are read."""
    text = '<?xml version="1.0" encoding="gbk"?><xml><A>中 &amp; 文</A><B><A>deep</A>flat</B></xml>'
    assert read_push(text) == {"A": "中 & 文", "B": "flat"}


@pytest.mark.parametrize(
    ("change", "text", "media"),
    [
        ({}, "私信或留言内容", []),
        ({"text": ""}, "[空消息]", []),
        (
            {"type": "position", "text": "发送了一个位置", "data": {"longitude": "1", "latitude": "2"}},
            "发送了一个位置",
            [],
        ),
        ({"type": "image", "text": "", "data": {"vfid": 821804459, "tovfid": 821804469}}, "[图片]", ["821804469"]),
        ({"type": "voice", "text": "发了一个语音消息", "data": {"vfid": 1, "tovfid": "2"}}, "发了一个语音消息", ["2"]),
    ],
)
def test_every_kind_of_direct_message_on_weibo(change: dict[str, Any], text: str, media: list[str]) -> None:
    found = contact(WeiboChannel(), {"push": WEIBO | change})
    assert (found.text, [one.model_dump()["media_id"] for one in found.attachments]) == (text, media)
    assert (found.occurred_at.isoformat(), found.details["reply_to"]) == ("2012-07-16T18:09:20+08:00", "2489518277")


@pytest.mark.parametrize(
    "change",
    [
        {"type": "event"},
        {"type": "mention"},
        {"type": None},
        {"sender_id": None},
        {"sender_id": True},
        {"sender_id": "x"},
        {"created_at": "2012-07-16"},
        {"created_at": "Mon Foo 16 18:09:20 +0800 2012"},
        {"created_at": "Mon Feb 31 18:09:20 +0800 2012"},
        {"created_at": "Mon Jul 16 18:09:20 +9900 2012"},
    ],
    ids=str,
)
def test_what_is_no_direct_message_is_unreadable(change: dict[str, Any]) -> None:
    assert unreadable(WeiboChannel(), {"push": WEIBO | change}).faults


@pytest.mark.parametrize(
    ("change", "text", "media"),
    [
        ({}, "hello world", []),
        ({"msgtype": "image", "image": {"media_id": "m"}}, "[图片]", ["m"]),
        ({"msgtype": "file", "file": {"media_id": "m"}}, "[文件]", ["m"]),
        ({"msgtype": "file"}, "[文件]", []),
        ({"msgtype": "location", "location": {"name": "广州塔", "address": "海珠区"}}, "[位置]\n广州塔\n海珠区", []),
        (
            {"msgtype": "link", "link": {"title": "t", "desc": "d", "url": "https://a.cn"}},
            "[链接]\nt\nd\nhttps://a.cn",
            [],
        ),
        ({"msgtype": "miniprogram", "miniprogram": {"title": "小铺"}}, "[小程序]\n小铺", []),
        ({"msgtype": "business_card", "business_card": {"userid": "x"}}, "[名片]", []),
        ({"text": {"content": " "}}, "[空消息]", []),
        ({"text": "not an object"}, "[空消息]", []),
    ],
)
def test_every_kind_of_message_to_customer_service(change: dict[str, Any], text: str, media: list[str]) -> None:
    found = contact(WecomChannel(), {"message": KF | change})
    assert (found.text, [one.model_dump()["media_id"] for one in found.attachments]) == (text, media)
    assert found.details["openid"] == KF["external_userid"]


@pytest.mark.parametrize(
    "change",
    [{"origin": 5}, {"msgtype": "event"}, {"msgtype": 7}, {"external_userid": " "}, {"send_time": None}],
    ids=str,
)
def test_what_no_customer_sent_to_customer_service_is_unreadable(change: dict[str, Any]) -> None:
    assert unreadable(WecomChannel(), {"message": KF | change}).faults


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@given(
    raw=st.fixed_dictionaries(
        {"xml": JSON, "push": JSON | st.fixed_dictionaries(dict.fromkeys(WEIBO, JSON))}
        | {"message": JSON | st.fixed_dictionaries(dict.fromkeys(KF, JSON))}
    ),
    channel=st.sampled_from([WechatChannel(), WecomChannel(), WeiboChannel()]),
)
def test_no_raw_form_makes_a_channel_raise(raw: dict[str, Any], channel: Channel) -> None:
    assert isinstance(channel.read(raw), Contact | Unreadable)


def test_the_id_on_a_channel_identifies_there_and_nowhere_else() -> None:
    """A customer who writes from the same account is the same customer; another channel has other ids (R-IN-01)."""
    handle = handle_of("wechat", {"openid": OPENID})
    assert handle == Identifier("handle", f"wechat:{OPENID}")
    assert handle != handle_of("weibo", {"openid": OPENID})
    assert [handle_of("wechat", {"openid": value}) for value in (None, "", 7, "a b", "x" * 200, "微信")] == [None] * 6
    told = CustomerFile(member_no="M1", phone="13800138000")
    assert [one.kind for one in identifiers_of(told, handle)] == ["member_no", "handle", "phone"]
