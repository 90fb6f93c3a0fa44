"""Long lists of wordings, of which a text holds few: only those are tried that may be in it, with the same outcome."""

import re
from collections.abc import Collection, Iterable, Iterator

from services.routing.domain.gated import Gated, Gates, Opened, alternatives, is_plain


class Wordings:
    """The alternatives of one pattern behind gates; together they match what the pattern would."""

    def __init__(self, pattern: str, gates: Gates, *, apart: bool = True) -> None:
        """Take `pattern`, none of whose alternatives may match nothing, and put it behind `gates`.

        Each alternative has a gate of its own; with `apart` off only plain words have, and the others one together:
        that is enough where only matters whether any of them occurs, and takes less memory.
        """
        self._gates = gates
        parts = alternatives(pattern)
        if not apart:
            words = [part for part in parts if is_plain(part)]
            rest = "|".join(part for part in parts if part not in words)
            parts = [*words, rest] if rest else words
        self._places = {gates.add(part): place for place, part in enumerate(parts)}
        self._all = frozenset(self._places)

    @property
    def parts(self) -> Iterable[Gated]:
        """The alternatives, in their order."""
        return self._places

    def found(self, text: str, opened: Opened) -> Iterator[re.Match[str]]:
        """Yield the first match, the first one behind it, and so on; `opened` is what the gates say of `text`."""
        waiting, at = self._all & opened.may, 0
        while waiting and (first := self.first(text, waiting, at)) is not None:
            yield first
            at = first.end()

    def first(self, text: str, waiting: Collection[Gated], at: int = 0) -> re.Match[str] | None:
        """Return the first match from `at` on of those alternatives, the only ones that may match: `waiting`."""
        if len(waiting) == 1:
            (only,) = waiting
            return only.pattern.search(text, at)
        best, least = None, (len(text) + 1, 0)
        for gated in waiting:
            match = gated.pattern.search(text, at)
            # Of several that begin there it is the one whose alternative stands first.
            if match is not None and (place := (match.start(), self._places[gated])) < least:
                best, least = match, place
        return best

    def are_in(self, text: str, opened: Opened) -> bool:
        """Return whether `text` holds any of them."""
        return not self._all.isdisjoint(opened.sure) or any(
            gated.pattern.search(text) for gated in self._all & opened.may
        )

    def taken_out(self, text: str, opened: Opened) -> tuple[str, Opened]:
        """Return `text` without them, and what the gates say of the rest."""
        spans = [match.span() for match in self.found(text, opened)]
        if not spans:
            return text, opened
        starts, ends = zip(*spans, strict=True)
        between = zip((0, *ends), (*starts, len(text)), strict=True)
        return self._gates.joined([text[start:end] for start, end in between if start < end], opened)
