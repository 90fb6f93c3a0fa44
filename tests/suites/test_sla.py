"""The actions of an escalation that ship with sla keep what every one of them promises."""

from collections.abc import Mapping
from typing import Any, ClassVar

from services.sla.plugins import webhook
from shared.testing.contracts import HttpEscalationActionContract


class TestWebhook(HttpEscalationActionContract):
    plugin = webhook.plugin
    config: ClassVar[Mapping[str, Any]] = {"url": "https://oncall.example/", "key": "oncall_key"}
    secrets: ClassVar[Mapping[str, str]] = {"oncall_key": "k3y-of-the-on-call-system"}

    def config_at(self, url: str) -> Mapping[str, Any]:
        return {"url": f"{url}/escalations", "trusted": ["127.0.0.1"]}
