"""The rules, each a function that returns what is wrong with a plugin, or None; where it does not apply it is not asked."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final, get_args

import yaml
from pydantic import SecretStr

from shared.plugins import KINDS
from shared.testing.contracts.stand_in import Mood
from tests.checklist.builtin import PAGES, ROOT, BuiltIn
from tests.checklist.source import Suite, code, imported, raised, suites

Look = Callable[[BuiltIn], str | None]

ALL: Final = frozenset(KINDS)
OUTWARD: Final = frozenset({"transport", "escalation_action"})
INWARD: Final = frozenset({"adapter", "endpoint"})
EVIDENCE: Final = ROOT / "tests" / "checklist" / "evidence.yaml"
LONGEST_SUMMARY: Final = 100
FEWEST_WORDS: Final = 3
SHOWN: Final = frozenset({"PluginError", "TransportError", "ModelError", "AdapterError"})
"""Errors whose message an operator reads."""
_SECRET: Final = re.compile(r"(^|_)(secret|password|token|key)(s)?$")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a plugin of some kinds has to fulfil; `look` really looks."""

    name: str
    says: str
    kinds: frozenset[str]
    look: Look


def manifest(one: BuiltIn) -> str | None:
    """Look at kind, name, version and summary."""
    plugin = one.plugin
    if (plugin.kind, plugin.name) != (one.kind, one.name):
        return f"its manifest says {plugin.kind} {plugin.name}"
    if plugin.api not in KINDS[one.kind].apis:
        return f"version {plugin.api} is not known"
    summary = plugin.summary
    if not summary or not summary.isprintable() or len(summary) > LONGEST_SUMMARY or summary.endswith("."):
        return "its summary is no line to show"
    return None


def settings(one: BuiltIn) -> str | None:
    """Look at the model of its settings."""
    model = one.plugin.config
    if model is None:
        return None
    if not model.model_config.get("frozen") or model.model_config.get("extra") != "forbid":
        return "its settings may change, or swallow a misspelt key"
    silent = [name for name, field in model.model_fields.items() if not field.description]
    return f"nobody says what these are for: {', '.join(silent)}" if silent else None


def secrets(one: BuiltIn) -> str | None:
    """Look whether a setting could hold a secret instead of its name."""
    model = one.plugin.config
    for name, field in model.model_fields.items() if model else ():
        if field.annotation is SecretStr:
            return f"{name} holds a secret"
        text = field.annotation not in {Path, Path | None} and _SECRET.search(name) is not None
        if text and "name" not in (field.description or "").lower():
            return f"{name} does not say that it is the name of a secret"
    return None


def page(one: BuiltIn) -> str | None:
    """Look whether its page is there and says what every setting means."""
    path = one.page
    if path is None or not path.exists():
        return f"there is no page {path.relative_to(ROOT) if path else ''}"
    text = path.read_text(encoding="utf-8")
    model = one.plugin.config
    missing = [name for name in (model.model_fields if model else ()) if not re.search(rf"\b{name}\b", text)]
    return f"its page does not mention {', '.join(missing)}" if missing else None


def suite(one: BuiltIn) -> str | None:
    """Look whether a test runs the contract suite of its kind."""
    return None if _suite_of(one) else "no test runs the contract suite for it"


def ports(one: BuiltIn) -> str | None:
    """Look at its imports."""
    rooms = tuple(f"{one.service}.{room}" for room in ("app", "handlers", "store"))
    for path in code(one.module, one.service):
        for name in imported(path):
            if name.startswith(rooms) or (name.startswith("services.") and not name.startswith(f"{one.service}.")):
                return f"{path.name} imports {name}"
    return None


def sentences(one: BuiltIn) -> str | None:
    """Look at the messages of the errors that operators are shown."""
    for path in code(one.module, one.service):
        for line, error, text in raised(path):
            if error in SHOWN and (
                "\n" in text or len(text.replace("{}", "some words").split()) < FEWEST_WORDS or text.endswith(".")
            ):
                return f"{path.name}:{line} raises {text!r}, which is no sentence to be shown"
    return None


def patience(one: BuiltIn) -> str | None:
    """Look whether it gives up after the time that it is given."""
    used = any("wait_seconds" in path.read_text(encoding="utf-8") for path in code(one.module, one.service))
    return None if used else "it does not look at the time that one attempt may take"


def moods(one: BuiltIn) -> str | None:
    """Look whether its suite has a provider that refuses, is slow, hangs up, is silent, talks nonsense and is away."""
    found = _suite_of(one)
    if found is None:
        return "no test runs the contract suite for it"
    return f"its test leaves out some of {', '.join(get_args(Mood))}" if "moods" in found.names else None


def metrics(one: BuiltIn) -> str | None:
    """Look whether it counts what it refuses, or what is brought to it."""
    used = any(
        re.search(r"report\.\w+\(|HttpProblem\(", path.read_text(encoding="utf-8"))
        for path in code(one.module, one.service)
    )
    return None if used else "it tells nothing of what it takes and refuses"


def restart(one: BuiltIn) -> str | None:
    """Look whether the test is there that kills its process in the middle."""
    place = (_evidence().get("restart") or {}).get(one.key)
    if place is None:
        return "no test kills its process in the middle"
    path, _, name = place.partition("::")
    text = (ROOT / path).read_text(encoding="utf-8") if (ROOT / path).exists() else ""
    if f"def {name}(" not in text:
        return f"there is no test {place}"
    return None if "kill" in text.lower() else f"{place} kills nothing"


RULES: Final = (
    Rule("manifest", "kind, name, known version, and a summary of one line", ALL, manifest),
    Rule("settings", "validated by a frozen model that refuses other keys; each is explained", ALL, settings),
    Rule("secrets", "a setting holds the name of a secret, never the secret", ALL, secrets),
    Rule("page", "a page in `docs` that mentions every setting", frozenset(PAGES), page),
    Rule("suite", "a test runs the contract suite of its kind", ALL, suite),
    Rule("ports", "imports no other service, and of its own neither handlers nor store", ALL, ports),
    Rule("sentences", "errors are one sentence", ALL, sentences),
    Rule("patience", "gives up after the time that an attempt may take", OUTWARD, patience),
    Rule("moods", "tested against a provider in every mood, on this machine", OUTWARD, moods),
    Rule("metrics", "tells what it takes and what it refuses", INWARD, metrics),
    Rule("restart", "its process is killed in the middle, and nothing is lost or repeated", INWARD, restart),
)


def _suite_of(one: BuiltIn) -> Suite | None:
    stem = "".join(part.capitalize() for part in one.kind.split("_"))
    names = {f"{stem}Contract", f"Http{stem}Contract"}
    return next((found for found in suites() if names & set(found.bases) and _named(found.plugin) is one.plugin), None)


@cache
def _named(dotted: str) -> object:
    """Return what a test names as its plugin."""
    module, _, name = dotted.rpartition(".")
    return getattr(import_module(module), name)


@cache
def _evidence() -> Mapping[str, Mapping[str, str]]:
    found: Mapping[str, Mapping[str, str]] = yaml.safe_load(EVIDENCE.read_text(encoding="utf-8")) or {}
    return found
