"""`python -m tests.checklist` looks at every plugin and writes the page; with `--check` it writes nothing."""

import sys

from tests.checklist.page import PAGE, findings, page


def main() -> int:
    """Return 1 where something has to be done."""
    found = findings()
    wrong = [finding.wrong for finding in found if finding.wrong is not None]
    text = page(found)
    if "--check" not in sys.argv:
        PAGE.write_text(text, encoding="utf-8")
    elif not wrong and (not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text):
        wrong = ["docs/plugins/checklist.md is not what `python -m tests.checklist` writes"]
    print("\n".join(wrong) or f"{len(found)} points, all done or exempt", file=sys.stderr if wrong else sys.stdout)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
