"""Wordings of everyday chat: what is only manners, whom customers ask for, prices and parcels of an order (R-RT-01)."""

import pytest

from services.routing.domain.sensitive import sensitive
from services.routing.plugins.rules import RulesClassifier
from services.routing.ports import Matter

RULES = RulesClassifier()


@pytest.mark.parametrize(
    ("category", "text"),
    [
        ("general", "谢谢，没事了"),
        ("after_sales", "帮我把这个订单取消一下，谢谢"),
        ("general", "转人工 转人工"),
        ("general", "我要找人工客服"),
        ("after_sales", "转人工，我的快递三天没动了"),
        ("after_sales", "昨天买的电饭煲今天降价了，帮我申请价保"),
        ("general", "价保是多少天之内"),
        ("after_sales", "快递今天能送到吗"),
        ("after_sales", "我之前买的那台收音机现在没声音了"),
        ("staff_complaint", "送餐的人太慢，语气还很冲，态度恶劣"),
    ],
)
def test_everyday_wordings_go_where_they_belong(category: str, text: str) -> None:
    """R-RT-01."""
    assert RULES.classify(Matter(text)).category == category


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("media", "客户扬言要在网上直播此事"),
        ("lawsuit", "逾期不答复，我司将诉至人民法院"),
        ("regulator", "不处理我就告到市里去"),
        ("regulator", "你们偷税的事我会说出去"),
        ("group_action", "被坑的几家店要一起到公司门口"),
        ("personal_safety", "面包里吃到一截铁丝"),
        ("personal_safety", "排插烧焦了一块"),
        ("personal_safety", "孩子的头发绞进风扇里了"),
    ],
)
def test_everyday_threats_and_dangers_are_sensitive(reason: str, text: str) -> None:
    """R-RT-05."""
    assert reason in sensitive("complaint", Matter(text)).reasons


@pytest.mark.parametrize("text", ["鱼臭得想吐，差评", "水龙头掉漆", "请联系法务把合同盖章寄回", "玻璃罐装的酱少了一罐"])
def test_what_only_sounds_like_it_is_none(text: str) -> None:
    """R-RT-05."""
    assert not sensitive("complaint", Matter(text)).flag
