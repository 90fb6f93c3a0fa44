"""`yingda up` runs the adapters that the policy names: an HTTP request becomes a work order, once (ADR 0038)."""

import json
import os
import signal
from pathlib import Path

import httpx
import pytest

from shared.testing.service_process import policy_with
from tests.e2e.suite import running_suite
from tests.gateway import KEY, Post, call, send, sms
from tests.polling import until

pytestmark = pytest.mark.timeout(300)
"""A whole suite takes its time to start and to end where the machine has much else to do."""

FORM = {"text": "我上周买的空调不制冷，要求换货", "phone": "13800138000"}


async def test_what_is_posted_becomes_a_work_order_and_what_is_repeated_becomes_no_other(tmp_path: Path) -> None:
    """R-IN-06: also where the gateway was killed between the two. The next policy brings another endpoint, or none."""
    policy = policy_with(tmp_path / "policy.yaml", endpoints={"web_form": {}})
    post = Post("/web_form", json.dumps(FORM).encode(), {"idempotency-key": "the-same"})
    async with running_suite(YINGDA_POLICY=str(policy), YINGDA_SECRET_ERP_KEY=KEY) as suite:
        url = suite.endpoints["adapters"]["gateway"]
        assert "gateway" in suite.endpoints["metrics"]
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as http:
            assert (await send(http, post)).json() == {"accepted": ["web/form/the-same"]}
            opened = await suite.event("workorder.opened", source_id="web/form/the-same")
            pid = suite.endpoints["pids"]["gateway"]
            os.kill(pid, signal.SIGKILL)
            await suite.replaced("gateway", pid)
            assert suite.endpoints["adapters"]["gateway"] == url
            assert (await send(http, post)).status_code == 202

            policy_with(
                policy, endpoints={"web_form": {}, "sms": {"keys": ["erp_key"]}, "phone_records": {"keys": ["erp_key"]}}
            )
            suite.process.send_signal(signal.SIGHUP)

            async def served() -> bool:
                try:
                    return (await send(http, sms(1))).status_code == 202
                except httpx.TransportError:
                    return False

            await until(served, 60, every=0.1)
            assert (await send(http, call(1))).status_code == 202
        for source_id in ("sms/http/mo-1", "phone/records/call-1"):
            await suite.event("workorder.opened", source_id=source_id)
        assert len(suite.all("workorder.opened", source_id="web/form/the-same")) == 1
        assert opened["data"]["channel"] == "web"

        policy_with(policy)
        suite.process.send_signal(signal.SIGHUP)
        await until(lambda: "gateway" not in suite.endpoints["pids"], 60, every=0.1)


async def test_an_adapter_that_cannot_start_is_told_and_stops_nobody_else(tmp_path: Path) -> None:
    switchboard = {"url": "http://127.0.0.1:1", "user": "yingda", "password": "missing_key", "contexts": ["from-trunk"]}
    policy = policy_with(tmp_path / "policy.yaml", adapters={"asterisk": switchboard})
    async with running_suite(YINGDA_POLICY=str(policy)) as suite:
        assert set(suite.endpoints["pids"]) == {"feedback", "intake", "notify", "routing", "sla"}
        log = (suite.data / "logs" / "asterisk.log").read_text(encoding="utf-8")
    assert "YINGDA_SECRET_MISSING_KEY" in log
