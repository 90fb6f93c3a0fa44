"""What may be counted exists at 0 before anything has happened (R-OB-01, ADR 0029)."""

import json
import subprocess
import sys

import pytest

from shared.events import WorkorderStep
from shared.policy import load_policy

APPEARS_LATER = {
    **dict.fromkeys(
        ("yingda_adapter_received", "yingda_adapter_contacts", "yingda_adapter_refused", "yingda_adapter_ack_seconds"),
        "the process of an adapter exports them as it is built",
    ),
    "yingda_attachments": "so does what keeps files",
    "yingda_escalation_actions": "exported for each action that the policy names; the default policy names none",
    "yingda_command_seconds": "the counter of commands is enough; a histogram of each would be long",
    "yingda_expired_rows": "the service's own tables: its retention exports them",
    "yingda_policy_reloads": "exported where the policy is read again",
}
"""Labelled counters and histograms without a series at the start, and why."""

_PROGRAM = """
import json, sys
from shared.metrics import REGISTRY
from shared.policy import load_policy
from shared.series import expect
from shared.service import Parts, find_service

async def nothing(tx, batch): ...

for name in ("intake", "routing", "sla", "notify", "feedback", "stranger"):
    if name == "stranger":
        from dataclasses import replace
        service = replace(find_service("sla"), name=name)
    else:
        service = find_service(name)
    expect(service, Parts(nothing), load_policy())
families = [
    (family.name, family.type, [(sample.labels, sample.value) for sample in family.samples])
    for family in REGISTRY.collect()
]
json.dump(families, sys.stdout)
"""


@pytest.fixture(scope="module")
def families() -> dict[str, tuple[str, list[tuple[dict[str, str], float]]]]:
    """What a process exports that has only begun; another one than this, where other tests count."""
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True)
    return {name: (kind, samples) for name, kind, samples in json.loads(done.stdout)}


def test_every_counter_has_its_series_at_0(families: dict[str, tuple[str, list[tuple[dict[str, str], float]]]]) -> None:
    counted = {name: samples for name, (kind, samples) in families.items() if kind in {"counter", "histogram"}}
    assert {name for name, samples in counted.items() if not samples} == {
        "yingda_commands",  # of a service without a desk, as here
        *APPEARS_LATER,
    }
    assert {value for samples in counted.values() for _labels, value in samples} == {0.0}


def test_the_first_breach_of_whichever_department_is_one_more_than_before(
    families: dict[str, tuple[str, list[tuple[dict[str, str], float]]]],
) -> None:
    """R-OB-03: `increase` over a series that begins with 1 is 0."""
    for name in ("yingda_urgent_breaches", "yingda_clocks_breached", "yingda_clocks_met"):
        _kind, samples = families[name]
        assert {labels["department"] for labels, _value in samples} == set(load_policy().departments)


def test_every_step_of_a_work_order_is_known(
    families: dict[str, tuple[str, list[tuple[dict[str, str], float]]]],
) -> None:
    _kind, samples = families["yingda_workorder_steps"]
    assert {labels["step"] for labels, _value in samples} == {
        model.TYPE.split(".")[2] for model in WorkorderStep.__subclasses__()
    }
