"""An endpoint that cannot be used answers 503 in its place; those beside it serve (ADR 0035)."""

from pathlib import Path

import pytest
from starlette.routing import Match, Route

from shared.adapters import Endpoint
from shared.adapters.configured import build_adapter, build_endpoints
from shared.adapters.out_of_order import OutOfOrder
from shared.adapters.problem import HttpProblem
from shared.adapters.setup import AdapterSetup
from shared.plugins import PluginError
from shared.policy import Policy, load_policy
from shared.settings import Settings
from tests.plugins import setup


def policy_with(**endpoints: object) -> Policy:
    plain = load_policy().plain
    plugins = load_policy().plugins.model_copy(update={"endpoints": endpoints}).model_dump(mode="json")
    return Policy.model_validate({**plain, "plugins": plugins})


async def test_an_endpoint_that_cannot_be_used_tells_senders_to_come_again(tmp_path: Path) -> None:
    policy = policy_with(telex={}, web_chat={"colour": "red"})
    given = AdapterSetup(config=None, settings=Settings(), data=tmp_path, now=setup().now, policy=policy)
    made = build_endpoints(given)
    assert made.keys() == {"telex", "web_chat"}
    for endpoint in made.values():
        assert isinstance(endpoint, OutOfOrder)
        assert isinstance(endpoint, Endpoint)
        (route,) = endpoint.routes(None)  # type: ignore[arg-type] # it needs none of it
        assert isinstance(route, Route)
        scope = {"type": "http", "method": "POST", "path": "/shop/7", "headers": []}
        assert route.matches(scope)[0] == Match.FULL
        with pytest.raises(HttpProblem) as refused:
            await route.endpoint(None)
        assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "60"})


def test_an_adapter_that_cannot_be_used_says_so() -> None:
    policy = load_policy()
    with pytest.raises(
        PluginError, match=r'the policy names no adapter "pigeon" under plugins.adapters; it names none'
    ):
        build_adapter("pigeon", Settings(), policy, setup().now)
