"""The adapters that ship with intake keep what every plugin promises; what they bring is tested with their real processes."""

from collections.abc import Mapping
from typing import Any, ClassVar

from services.intake.adapters import asterisk
from services.intake.adapters.gateway import adapter as gateway
from services.intake.adapters.imap import adapter as imap
from services.intake.adapters.lmtp import adapter as lmtp
from services.intake.adapters.web_chat import endpoint as web_chat
from shared.adapters import Adapter, Endpoint
from shared.adapters.setup import AdapterSetup
from shared.plugins import Setup
from shared.policy import load_policy
from shared.testing.contracts import PluginContract


class InwardContract(PluginContract):
    """What has a policy in its setup, and says to which channels it publishes."""

    protocol: ClassVar[type] = Adapter

    def setup(self, config: Mapping[str, Any], secrets: Mapping[str, str] | None = None) -> Setup:
        plugins = load_policy().plugins.model_copy(update={"endpoints": {"web_form": {}}})
        policy = load_policy().model_copy(update={"plugins": plugins})
        return AdapterSetup(**self.setup_values(config, secrets), policy=policy)

    def test_it_says_its_channels(self) -> None:
        assert isinstance(self.typed(self.protocol).channels, tuple)


class TestGateway(InwardContract):
    kind = "adapter"
    plugin = gateway.plugin


class TestAsterisk(InwardContract):
    kind = "adapter"
    plugin = asterisk.plugin
    config: ClassVar[Mapping[str, Any]] = {
        "url": "http://127.0.0.1:8088",
        "user": "yingda",
        "password": "ari_password",
        "contexts": ["from-trunk"],
    }
    secrets: ClassVar[Mapping[str, str]] = {"ari_password": "password-of-ari"}


class TestImap(InwardContract):
    kind = "adapter"
    plugin = imap.plugin
    config: ClassVar[Mapping[str, Any]] = {
        "mailboxes": [{"address": "service@example.com", "host": "127.0.0.1", "password": "mail_password"}]
    }
    secrets: ClassVar[Mapping[str, str]] = {"mail_password": "password-of-the-mailbox"}


class TestLmtp(InwardContract):
    kind = "adapter"
    plugin = lmtp.plugin
    config: ClassVar[Mapping[str, Any]] = {"mailboxes": [{"address": "service@example.com"}]}


class TestWebChat(InwardContract):
    kind = "endpoint"
    plugin = web_chat.plugin
    protocol = Endpoint
