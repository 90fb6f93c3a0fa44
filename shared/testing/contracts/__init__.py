"""Contract suites: what each kind of plugin promises, as tests that a plugin's author runs against it.

A test file of a plugin subclasses the suite of its kind, names the plugin, and gives samples (docs/plugins.md):

    from shared.testing.contracts import ChannelContract
    from yingda_fax import plugin

    class TestFax(ChannelContract):
        plugin = plugin
        samples = (({"sender": "0551-63660000", "page": "你好"}, {"text": "你好"}),)

The plugins that ship with Yingda pass through the same suites (tests/suites). A suite sees the ports of the services and
nothing behind them. pytest and hypothesis are needed: the extra `testing`.
"""

from shared.testing.contracts.adapter import AdapterContract as AdapterContract
from shared.testing.contracts.assigner import AssignerContract as AssignerContract
from shared.testing.contracts.base import PluginContract as PluginContract
from shared.testing.contracts.calendar import CalendarContract as CalendarContract
from shared.testing.contracts.channel import ChannelContract as ChannelContract
from shared.testing.contracts.classifier import ClassifierContract as ClassifierContract
from shared.testing.contracts.endpoint import Call as Call
from shared.testing.contracts.endpoint import EndpointContract as EndpointContract
from shared.testing.contracts.escalation_action import EscalationActionContract as EscalationActionContract
from shared.testing.contracts.escalation_action import HttpEscalationActionContract as HttpEscalationActionContract
from shared.testing.contracts.knowledge_builder import KnowledgeBuilderContract as KnowledgeBuilderContract
from shared.testing.contracts.provided import Standing as Standing
from shared.testing.contracts.stand_in import Mood as Mood
from shared.testing.contracts.stand_in import Request as Request
from shared.testing.contracts.transport import HttpTransportContract as HttpTransportContract
from shared.testing.contracts.transport import TransportContract as TransportContract
