"""Long lists of wordings, of which a text holds few: only those are tried that may be in it, with the same outcome."""

import re
from collections.abc import Iterator, Sequence

from services.routing.domain.gated import Gates, Opened, each
from services.routing.domain.needed import alternatives, is_plain

_Part = tuple[int, re.Pattern[str]]
"""Where an alternative stands in the whole pattern, and the alternative."""


class Wordings:
    """The alternatives of one pattern behind gates, each behind its own; together they match what the pattern would."""

    def __init__(self, pattern: str, gates: Gates) -> None:
        """Take `pattern`, none of whose alternatives may match nothing, and put it behind `gates`."""
        self._gates = gates
        added = [gates.add(part) for part in alternatives(pattern)]
        self._parts: dict[int, _Part] = {part.bits: (place, part.pattern) for place, part in enumerate(added)}
        self._bits = sum(self._parts)

    def found(self, text: str, opened: Opened) -> Iterator[re.Match[str]]:
        """Yield the first match, the first one behind it, and so on; `opened` is what the gates say of `text`."""
        if not (open_ones := self._bits & opened.may):
            return
        waiting, at = [self._parts[bit] for bit in each(open_ones)], 0
        while (first := _first(text, waiting, at)) is not None:
            yield first
            at = first.end()

    def may_be_in(self, opened: Opened) -> bool:
        """Return whether a text may hold any of them; `opened` is what the gates say of it."""
        return bool(self._bits & opened.may)

    def are_in(self, text: str, opened: Opened) -> bool:
        """Return whether `text` holds any of them."""
        if self._bits & opened.sure:
            return True
        return self.may_be_in(opened) and any(self._parts[bit][1].search(text) for bit in each(self._bits & opened.may))

    def taken_out(self, text: str, opened: Opened) -> tuple[str, Opened]:
        """Return `text` without them, and what the gates say of the rest."""
        if not self.may_be_in(opened):
            return text, opened
        spans = [match.span() for match in self.found(text, opened)]
        if not spans:
            return text, opened
        return self._gates.replaced(text, spans, "", opened)


class AnyOf:
    """The alternatives of one pattern, of which only matters whether any of them occurs: plain words need no more than a look."""

    def __init__(self, pattern: str, gates: Gates) -> None:
        """Put `pattern` behind `gates`."""
        self.pattern = pattern
        self._bits = gates.guard(pattern)
        rest = [part for part in alternatives(pattern) if not is_plain(part)]
        self._rest = gates.compiled("|".join(rest) if rest else "(?!)")

    def are_in(self, text: str, opened: Opened) -> bool:
        """Return whether `text` holds any of them; `opened` is what the gates say of it."""
        if self._bits & opened.sure:
            return True
        return bool(self._bits & opened.may) and self._rest.search(text) is not None


def _first(text: str, waiting: Sequence[_Part], at: int) -> re.Match[str] | None:
    """Return the first match from `at` on of those alternatives, the only ones that may match: `waiting`."""
    if len(waiting) == 1:
        return waiting[0][1].search(text, at)
    best, least = None, (len(text) + 1, 0)
    for place, pattern in waiting:
        match = pattern.search(text, at)
        # Of several that begin there it is the one whose alternative stands first.
        if match is not None and (found := (match.start(), place)) < least:
            best, least = match, found
    return best
