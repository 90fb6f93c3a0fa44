"""Templates: found, checked at start, and rendered in a sandbox that knows values only (R-NT-03)."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, cast

from jinja2 import (
    ChoiceLoader,
    DictLoader,
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateNotFound,
)
from jinja2.meta import find_undeclared_variables
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from services.notify.domain.plain import plain, shorten
from services.notify.domain.wording import VALUES
from shared.policy import Policy, Text

FOLDER: Final = Path(__file__).parents[1] / "templates"
LANGUAGES: Final = ("zh", "en")
LONGEST_SMS: Final = 500
"""What providers take as one long SMS."""
_GAP = re.compile(r"\n{3,}")
_ENDS = ("。", "！", "？", "…", ".", "!", "?", "；", ";")


class TemplatesError(Exception):
    """The templates that the policy names cannot all be used."""


class Texts:
    """The texts of all notifications. A template's first line is the subject, the rest is the text.

    `own` are the policy's, by name; each comes before the packaged one of its name.
    """

    def __init__(self, folder: Path = FOLDER, own: Mapping[str, Text] = MappingProxyType({})) -> None:
        written = {
            _path(language, name): text.in_locale(language) for name, text in own.items() for language in LANGUAGES
        }
        self._environment = ImmutableSandboxedEnvironment(
            loader=ChoiceLoader([DictLoader(written), FileSystemLoader(folder)]),
            undefined=StrictUndefined,
            autoescape=False,
            finalize=_harmless,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.context_class = _Lookup
        self._environment.filters["sentence"] = _sentence
        self._templates: dict[tuple[str, str], Template] = {}

    def check(self, policy: Policy) -> None:
        """Return if every template that `policy` names is there in both languages; else `TemplatesError` in a sentence."""
        faults = [
            fault
            for name in sorted(policy.notify.templates.names)
            for language in LANGUAGES
            for fault in self._faults(language, name)
        ]
        if faults:
            raise TemplatesError(f"the policy names templates that cannot be used: {'; '.join(faults)}")

    def render(self, name: str, language: str, values: Mapping[str, Any]) -> tuple[str, str]:
        """Return subject and text of a message; an SMS names its sender first and has at most `LONGEST_SMS` characters."""
        rendered = self._rendered(name, language, values)
        subject, _, text = rendered.strip().partition("\n")
        if values["sms"]:
            signed = f"{_signature(language, values['sender'])}{' '.join(text.split())}"
            return subject.strip(), shorten(signed, LONGEST_SMS)
        return subject.strip(), _GAP.sub("\n\n", text.strip())

    def _rendered(self, name: str, language: str, values: Mapping[str, Any]) -> str:
        """Return the template with `values`, which are looked up in place: Jinja's own `render` copies all of them."""
        template = self._templates.get((language, name))
        if template is None:
            template = self._templates[language, name] = self._environment.get_template(_path(language, name))
        context = _Lookup(self._environment, cast("dict[str, Any]", values), template.name, template.blocks)
        try:
            return "".join(template.root_render_func(context))
        except Exception:  # noqa: BLE001 (it is raised with the line of the template in the place of the compiled one)
            self._environment.handle_exception()

    def _faults(self, language: str, name: str) -> list[str]:
        path = _path(language, name)
        loader = self._environment.loader
        try:
            source = loader.get_source(self._environment, path)[0] if loader else ""
            self._environment.get_template(path)
            unknown = find_undeclared_variables(self._environment.parse(source)) - set(VALUES)
        except TemplateNotFound:
            return [f"{path} is missing"]
        except TemplateError as error:
            return [f"{path} does not compile ({error.message})"]
        return [f"{path} uses {', '.join(sorted(unknown))}, which no message has"] if unknown else []


class _Lookup(Context):
    """Looks names up in the values of a message, which are made when they are asked for, then among Jinja's own."""

    def resolve_or_missing(self, key: str) -> Any:
        """Return the value of that name, `missing` for none."""
        if key in self.vars:
            return self.vars[key]
        try:
            return self.parent[key]
        except KeyError:
            return self.environment.globals.get(key, missing)


def _path(language: str, name: str) -> str:
    return f"{language}/{name}.txt.j2"


def _signature(language: str, sender: str | None) -> str:
    """Return what an SMS begins with: it has no letterhead, and networks want its sender named in the text."""
    if not sender:
        return ""
    return f"【{plain(sender)}】" if language == "zh" else f"[{plain(sender)}] "


def _sentence(text: str | None, mark: str) -> str | None:
    """Return `text` ended by `mark`, where it does not end like a sentence by itself: a question stays one."""
    return text if not text or text.endswith(_ENDS) else f"{text}{mark}"


def _harmless(value: object) -> object:
    """Return what an expression puts into the text: strings without control characters or line breaks, None as nothing."""
    return plain(value) if isinstance(value, str) else "" if value is None else value
