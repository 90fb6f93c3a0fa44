"""A department, a category, a calendar and a text come into a running suite by the policy file and a reload."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

import shared.policy
from shared.policy import load_policy
from tests.command_line import yingda_beside
from tests.e2e.suite import Suite, contact, running_suite
from tests.pace import steadily
from tests.polling import until

pytestmark = pytest.mark.timeout(300)
"""A whole suite takes its time to start and to end where the machine has much else to do."""

DEFAULT = Path(shared.policy.__file__).with_name("default.yaml")
CLOCK = "2026-11-23T10:00:00+08:00@1"


def extended() -> dict[str, Any]:
    """Return the default policy with a department, a category, a calendar and a text that nobody has seen before."""
    data: dict[str, Any] = deepcopy(load_policy().plain)
    data["version"] = "2026.2"
    hours = ["08:00-20:00"]
    data["calendars"]["workshop"] = {
        **data["calendars"]["office"],
        "hours": dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), hours),
    }
    data["departments"]["workshop"] = {
        "name": {"zh": "维修部", "en": "Workshop"},
        "kind": "owner",
        "calendar": "workshop",
    }
    for role in ("agent", "supervisor"):
        data["staff"][f"workshop-{role}"] = {
            "name": "王师傅",
            "role": role,
            "department": "workshop",
            "email": f"workshop-{role}@example.com",
            "phone": "13900000099",
        }
    data["categories"]["repair"] = {
        "name": {"zh": "上门维修", "en": "repair"},
        "department": "workshop",
        "required": [],
        "script": "complaint_after_sales",
        "clocks": {"first_response": "by_grade", "resolution": "10h business"},
    }
    templates = data["notify"]["templates"]
    templates["by_category"]["repair"] = {"accepted": "repair_accepted"}
    templates["texts"] = {
        "repair_accepted": {
            "zh": "师傅在路上（{{ number }}）\n{{ greeting }}师傅很快联系您。",
            "en": "On our way ({{ number }})\n{{ greeting }} we call you soon.",
        }
    }
    return data


def write(file: Path, data: dict[str, Any]) -> None:
    plain = json.loads(json.dumps(data))  # nothing in it is shared: a policy has no aliases
    file.write_text(yaml.safe_dump(plain, allow_unicode=True, sort_keys=False), encoding="utf-8")


@pytest.fixture(scope="module")
async def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("policy") / "policy.yaml"
    path.write_text(DEFAULT.read_text(encoding="utf-8"), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
async def suite(file: Path) -> AsyncIterator[Suite]:
    async with running_suite(CLOCK, YINGDA_POLICY=str(file)) as running:
        yield running


async def opened(suite: Suite, source_id: str) -> dict[str, Any]:
    event = await suite.event("workorder.opened", source_id=source_id)
    data: dict[str, Any] = event["data"]
    return data


async def test_a_file_with_a_fault_changes_nothing_and_is_told_with_its_line(suite: Suite, file: Path) -> None:
    before = load_policy(None).policy_version
    lines = DEFAULT.read_text(encoding="utf-8").splitlines()
    at = next(n for n, line in enumerate(lines) if line.strip() == "department: market")
    lines[at] = lines[at].replace("market", "markt")
    file.write_text("\n".join(lines), encoding="utf-8")
    outcome = await yingda_beside("policy", "reload", "--data", str(suite.data))
    assert outcome.code == 1
    assert outcome.err.startswith("yingda: the policy in force stays: ")
    assert f"policy.yaml:{at + 1}: categories.product_inquiry.department: no department is named" in outcome.err
    source_id = await suite.publish(contact())
    assert (await opened(suite, source_id))["policy_version"] == before


async def test_a_service_that_dies_beside_a_file_with_a_fault_comes_back_with_the_policy_in_force(
    suite: Suite, file: Path
) -> None:
    file.write_text("version: 1\n", encoding="utf-8")
    pid = suite.endpoints["pids"]["routing"]
    os.kill(pid, signal.SIGKILL)
    source_id = await suite.publish(contact())
    assert (await opened(suite, source_id))["policy_version"] == load_policy(None).policy_version
    await suite.replaced("routing", pid)


async def test_new_names_are_used_by_the_next_contact_while_traffic_runs_and_nothing_is_lost(
    suite: Suite, file: Path
) -> None:
    """R-SLA-12, R-SLA-15, R-NT-03, ADR 0015: and what was opened before keeps its policy."""
    earlier = await suite.publish(contact())
    old = await opened(suite, earlier)
    sent: list[str] = []

    async def traffic() -> None:
        async for _ in steadily(20):
            source_id = await suite.publish(contact())
            sent.append(source_id)

    flowing = asyncio.create_task(traffic())
    await until(lambda: len(sent) > 20, 60)
    write(file, extended())
    version = load_policy(file).policy_version
    pids = suite.endpoints["pids"]
    # One service after the other takes it; when the command ends, all have: the events of one do not tell of the others.
    reloaded = await yingda_beside("policy", "reload", "--data", str(suite.data))
    assert (reloaded.code, reloaded.out) == (0, f"the policy {version} is in force\n")
    customer = {"name": "李娜", "honorific": "女士", "phone": "13700137000"}  # who has not had her fill of messages
    repair = contact("空调坏了,请上门维修", category="repair", customer=customer, details={})
    source_id = await suite.publish(repair)
    new = await opened(suite, source_id)
    flowing.cancel()
    await asyncio.gather(flowing, return_exceptions=True)
    assert (new["department"], new["category"], new["policy_version"]) == ("workshop", "repair", version)
    clock = await suite.event("sla.started", subject_id=new["work_order_id"], metric="resolution")
    assert (clock["data"]["calendar"], clock["data"]["target_seconds"]) == ("workshop", 36_000)
    await suite.event("notification.sent", work_order_id=new["work_order_id"], purpose="accepted")
    told = [one for one in suite.messages() if "师傅很快联系您" in str(one)]
    assert len(told) == 1
    for one in sent:
        await opened(suite, one)
    orders = [event["data"] for event in suite.all("workorder.opened")]
    assert len({one["source_id"] for one in orders}) == len(orders)
    numbers = sorted(one["number"] for one in orders)
    assert [int(number[-3:]) for number in numbers] == list(range(1, len(numbers) + 1)), "without gaps"
    assert suite.endpoints["pids"] == pids, "nothing was started again"
    shown = await suite.done("workorder.get", "service-1", work_order_id=old["work_order_id"])
    assert shown["work_order"]["policy_version"] == old["policy_version"] != version


async def test_a_file_that_has_not_changed_is_in_force_already(suite: Suite, file: Path) -> None:
    unchanged = await yingda_beside("policy", "reload", "--data", str(suite.data))
    assert (unchanged.code, unchanged.out) == (0, f"the policy {load_policy(file).policy_version} is in force\n")


async def test_the_doctor_finds_services_that_work_by_another_policy_than_the_file_holds(
    suite: Suite, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YINGDA_POLICY", str(file))
    doctor = ("doctor", "--data", str(suite.data), "--least-free", "0")
    healthy = await yingda_beside(*doctor)
    assert "works by the policy" not in healthy.out
    held = load_policy(file).policy_version
    write(file, extended() | {"version": "2026.3"})
    outcome = await yingda_beside(*doctor)
    assert outcome.code == 1
    for name in ("intake", "routing", "sla", "notify", "feedback"):
        sentence = f"{name} works by the policy {held}, and the file holds {load_policy(file).policy_version}"
        assert sentence in outcome.lines


async def test_where_no_suite_runs_the_command_says_so(tmp_path: Path) -> None:
    outcome = await yingda_beside("policy", "reload", "--data", str(tmp_path))
    assert outcome.code == 1
    assert outcome.err.startswith(f"yingda: no suite runs in {tmp_path}")
