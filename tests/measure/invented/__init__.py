"""Contacts invented by the house to measure with; none of them is among the worked examples that ship.

`contacts.tsv`, `sensitive.tsv`, `departments.tsv` and `registers.tsv` were written and committed before anybody had looked
at what the rules made of them; then the general gaps that they showed were closed. `contacts_second.tsv`,
`sensitive_second.tsv` and `sensitive_third.tsv` were written afterwards in the same way, one after the other: their first
results are in `first_results.tsv`. `contacts_third.tsv`, `contacts_fourth.tsv` (meant to be hard) and `contacts_fifth.tsv`
(ordinary) tell the department of a staff complaint and whether the contact is sensitive too. Each was committed before it was
run and learnt from before the next was written; `first_results.tsv` also has what the classifier before all three made of
the last two. `contacts_sixth.tsv` (ordinary, in the proportions of the samples) was judged twice, before and after what ADR 0022
tells of, and nobody looked at single lines of it in between: both results are results at first sight. First results are the only honest ones for texts that nobody had seen: what was learnt from a lot (concepts, worked
examples of the same kind) makes its later figures too good.
"""

import json
from pathlib import Path

from services.routing.domain.employee import employee_department
from services.routing.ports import Matter
from tests.measure.figures import DEPARTMENTS
from tests.measure.samples import Sample

HERE = Path(__file__).parent
CONTACTS = ("contacts.tsv", "contacts_second.tsv")
JUDGED = ("contacts_third.tsv", "contacts_fourth.tsv", "contacts_fifth.tsv", "contacts_sixth.tsv")
SENSITIVE = ("sensitive.tsv", "sensitive_second.tsv", "sensitive_third.tsv")


def rows(name: str) -> list[list[str]]:
    """Return the columns of every line of a file."""
    return [line.replace("\\n", "\n").split("\t") for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


def contacts() -> list[Sample]:
    """Return the labelled contacts; only their category and topic are expected."""
    found = [(label, "", channel, text) for name in CONTACTS for label, channel, text in rows(name)]
    found += [(*_label(label), channel, text) for name in JUDGED for label, _, channel, text in rows(name)]
    matters = [(label, department, Matter(text, channel=channel)) for label, department, channel, text in found]
    return [
        Sample(number, matter, {"text": matter.text}, _expected(label, department, matter))
        for number, (label, department, matter) in enumerate(matters)
    ]


def sensitive_matters() -> list[tuple[str | None, str, Matter]]:
    """Return the reason (None: not sensitive), the category and the matter of every text."""
    found = [row for name in SENSITIVE for row in rows(name)]
    found += [
        [reason, label.partition("@")[0].partition("/")[0], text]
        for name in JUDGED
        for label, reason, _, text in rows(name)
    ]
    return [(None if reason == "-" else reason, category, Matter(text)) for reason, category, text in found]


def departments_asked() -> list[tuple[str, str, Matter]]:
    """Return the grade, the category and the matter of texts that name departments."""
    return [(grade, category, Matter(text)) for grade, category, text in rows("departments.tsv")]


def registers() -> list[tuple[str, Matter, set[str]]]:
    """Return the label, the matter and the missing fields of contacts that were registered more or less completely."""
    found = []
    for label, channel, given, details, missing, text in rows("registers.tsv"):
        customer = json.loads(given)
        matter = Matter(
            text,
            details=json.loads(details) if details != "-" else {},
            channel=channel,
            customer_name=customer.get("name"),
            customer_phone=customer.get("phone"),
            company=customer.get("company"),
        )
        found.append((label, matter, set(missing.split()) - {"-"}))
    return found


def _label(written: str) -> tuple[str, str]:
    """Return a label, and behind `@` the department of the employee complained about."""
    label, _, department = written.partition("@")
    return label, department


def _expected(label: str, department: str, matter: Matter) -> dict[str, str | None]:
    category, _, topic = label.partition("/")
    owner = department or DEPARTMENTS.get(label) or DEPARTMENTS.get(category, "market")
    if category == "staff_complaint" and not department:  # the line says nothing: what is read from the text
        owner = employee_department(matter)
    return {"category": category, "topic": topic or None, "department": owner}
