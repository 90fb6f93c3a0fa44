"""Fixtures of every test: real servers, started when a test first asks for one."""

from __future__ import annotations

pytest_plugins = ["shared.testing.fixtures"]
