"""The customer's own id on a channel: who writes again is known, and can be answered there (R-IN-01, R-NT-01)."""

import json
from collections.abc import AsyncIterator
from copy import deepcopy

import pytest

from services.intake import store
from services.notify.domain.facts import contact_of
from services.notify.domain.recipients import Address, customer_addresses
from shared.policy import Policy, load_policy
from tests.chats import message_xml, weibo_push
from tests.integration.intake_house import Intake, form, intake_house


@pytest.fixture
async def intake(database_url: str, fresh_nats: str) -> AsyncIterator[Intake]:
    async with intake_house(database_url, fresh_nats) as ready:
        yield ready


async def test_who_writes_again_from_the_same_account_is_the_same_customer(intake: Intake) -> None:
    first, again, other = await intake.receives(
        {"xml": message_xml(1, "空调不制冷", "oABC")},
        {"xml": message_xml(2, "还没有人联系我", "oABC")},
        {"xml": message_xml(3, "想入会", "oXYZ")},
        channel="wechat",
    )
    assert first.customer_id == again.customer_id != other.customer_id
    (elsewhere,) = await intake.receives(form(details={"openid": "oABC"}), channel="weibo")
    assert elsewhere.customer_id not in {first.customer_id, other.customer_id}
    kept = {(row.kind, row.value): row.customer_id for row in await intake.bench.rows(store.identifiers)}
    assert kept == {
        ("handle", "wechat:oABC"): first.customer_id,
        ("handle", "wechat:oXYZ"): other.customer_id,
        ("handle", "weibo:oABC"): elsewhere.customer_id,
    }


async def test_a_phone_that_is_told_in_a_chat_joins_the_account_to_the_customer(intake: Intake) -> None:
    """Whoever is named by a number that somebody else's account has told stays that account's (never merged silently)."""
    (caller,) = await intake.receives(form(customer={"phone": "13800138000"}), channel="phone")
    chat = {"details": {"openid": "oABC"}, "customer": {"phone": "13800138000"}}
    first, bare = await intake.receives(form(**chat), {"xml": message_xml(2, "在吗", "oABC")}, channel="wechat")
    assert caller.customer_id == first.customer_id == bare.customer_id


async def test_the_account_is_the_address_for_answers(intake: Intake) -> None:
    data = deepcopy(load_policy().plain)
    data["notify"]["transports"]["customer"] |= {"wechat": ["file"], "weibo": ["file"]}  # type: ignore[index]
    policy = Policy.model_validate(data)
    (chat,) = await intake.receives({"xml": message_xml(1, "空调不制冷", "oABC")}, channel="wechat")
    assert customer_addresses(contact_of(chat), policy) == (Address("wechat", "oABC"),)
    (direct,) = await intake.receives({"push": json.loads(weibo_push(1).body)}, channel="weibo")
    assert customer_addresses(contact_of(direct), policy) == (Address("weibo", "2489000001"),)
