"""Fixtures of every test: real servers, started when a test first asks for one; and how hard property tests try."""

from hypothesis import settings

from tests.examples import examples

pytest_plugins = ["shared.testing.fixtures"]

settings.register_profile("yingda", max_examples=examples(100), deadline=None)
settings.load_profile("yingda")
