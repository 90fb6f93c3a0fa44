"""The knowledge builder that ships with feedback keeps what every one of them promises."""

from services.feedback.plugins import case_as_it_was
from shared.testing.contracts import KnowledgeBuilderContract


class TestCaseAsItWas(KnowledgeBuilderContract):
    plugin = case_as_it_was.plugin
    samples = (("空调不制冷", "清洗滤网后恢复制冷", True),)
