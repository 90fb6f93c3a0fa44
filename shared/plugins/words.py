"""An error of a stranger's code in words: what it is and where, but not its text, which may hold what is secret."""

from traceback import extract_tb


def told(error: BaseException, place: str = "") -> str:
    """Return `error` as `KeyError in fax.py line 12`; an import that fails says what is missing.

    Without a traceback of its own the error is placed at `place`.
    """
    kind = type(error).__name__
    if isinstance(error, ImportError):  # its text names a module, nothing of a customer
        return f"{kind}: {error}"
    if isinstance(error, SyntaxError):
        return f"{kind} in {_short(error.filename or place)} line {error.lineno}"
    frames = extract_tb(error.__traceback__)
    if not frames:
        return f"{kind} in {place}" if place else kind
    return f"{kind} in {_short(frames[-1].filename)} line {frames[-1].lineno}"


def _short(file: str) -> str:
    """Return the name of a file; with its folder where every package has one that is called so."""
    parts = file.split("/")
    return "/".join(parts[-2:] if parts[-1] == "__init__.py" else parts[-1:])
