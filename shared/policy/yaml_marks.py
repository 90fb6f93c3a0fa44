"""YAML as plain data together with the line of every value, so that a fault can name its line.

A policy file is plain: strings stay as written (``16:00``, ``no`` and ``2026-10-01`` are text), only true, false,
null and numbers mean more. Anchors, aliases and tags are refused: nobody needs them here, and they let a small file
grow without bound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from shared.policy.errors import Fault, PolicyFileError

Location = tuple[str | int, ...]

_WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None, "~": None, "": None}
_INTEGER: Final = re.compile(r"^[-+]?(0|[1-9]\d{0,17})$")
_DECIMAL: Final = re.compile(r"^[-+]?(0|[1-9]\d{0,17})\.\d{1,17}$")
_DEEPEST: Final = 20
_BOTTOMLESS: Final = 200
"""Nesting at which reading stops: the parser in C is as deep as the text is."""
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser in C, ten times as fast, where PyYAML was built with it."""


@dataclass(slots=True)
class MarkedYaml:
    """The data of one file and the lines it stands on."""

    file: str
    data: Any = None
    lines: dict[Location, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def line(self, location: Location) -> int:
        """Return the line of that place, or of the nearest place around it that the file has."""
        while location not in self.lines and location:
            location = location[:-1]
        return self.lines.get(location, 1)

    def fault(self, location: Location, message: str) -> Fault:
        """Return a fault at that place."""
        return Fault(self.line(location), ".".join(map(str, location)), message, self.file)


def read_yaml(path: Path) -> MarkedYaml:
    """Read a file; repeated keys are in `faults`. PolicyFileError where the rest cannot be understood at all."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyFileError([Fault(None, "", f"is not UTF-8 text: {error.reason}", path.name)]) from None
    except OSError as error:
        raise PolicyFileError([Fault(None, "", f"cannot be read: {error.strerror}", path.name)]) from None
    return parse_yaml(text, path.name)


def read_mapping(path: Path) -> MarkedYaml:
    """Read a file whose data is a mapping, as `read_yaml` does; PolicyFileError if it is none."""
    marked = read_yaml(path)
    if not isinstance(marked.data, dict):
        message = "is empty" if marked.data is None else "holds no mapping of keys to values"
        raise PolicyFileError([Fault(1, "", message, path.name)])
    return marked


def parse_yaml(text: str, file: str) -> MarkedYaml:
    """Read text as `read_yaml` does; `file` is named in the faults."""
    marked = MarkedYaml(file)
    try:
        _refuse_what_is_not_plain(text)
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        message = " ".join(part for part in (error.context, error.problem) if part)
        raise PolicyFileError([Fault(line, "", f"is no plain YAML: {message}", file)]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise PolicyFileError([Fault(line, "", f"is no plain YAML: {error.reason}", file)]) from None
    except RecursionError:
        raise PolicyFileError([Fault(None, "", "is nested too deeply", file)]) from None
    if root is not None:
        marked.data = _value(root, (), marked)
    return marked


def _refuse_what_is_not_plain(text: str) -> None:
    """Raise for anchors, aliases and tags, and for a text that is nested without end."""
    depth = 0
    event: Any
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            problem = "anchors and aliases are not used in a policy"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
        if tag := getattr(event, "tag", None):
            problem = f"tags are not used in a policy: {tag}"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _BOTTOMLESS:
            raise RecursionError


def _value(node: yaml.Node, location: Location, marked: MarkedYaml) -> Any:
    marked.lines.setdefault(location, node.start_mark.line + 1)
    if len(location) > _DEEPEST:
        marked.faults.append(marked.fault(location, "is nested too deeply"))
        return None
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, location, marked)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*location, index), marked) for index, item in enumerate(node.value)]
    return _scalar(node)


def _mapping(node: yaml.MappingNode, location: Location, marked: MarkedYaml) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            path = ".".join(map(str, location))
            marked.faults.append(Fault(line, path, "a key is a word, not a list or a mapping", marked.file))
            continue
        key = str(key_node.value)
        here = (*location, key)
        if key in found:
            message = f"stands here again; it is already on line {marked.lines[here]}"
            marked.faults.append(Fault(line, ".".join(map(str, here)), message, marked.file))
            continue
        marked.lines[here] = line
        found[key] = _value(value_node, here, marked)
    return found


def _scalar(node: yaml.Node) -> str | int | float | bool | None:
    text = str(node.value)
    if getattr(node, "style", None):  # quoted or a block: text, whatever it looks like
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text)
    return float(text) if _DECIMAL.match(text) else text
