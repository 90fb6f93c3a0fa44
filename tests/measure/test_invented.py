"""What the house's own invented texts come to; the first results on them, before anything was adapted, are kept beside."""

from services.routing.domain.grade import departments_asked, grade
from services.routing.domain.register import missing_fields
from services.routing.domain.sensitive import sensitive
from services.routing.plugins.resemblance import packaged_examples
from services.routing.plugins.rules import RulesClassifier

from . import figures, invented


def test_invented_contacts_reach_their_department_and_category() -> None:
    """R-RT-01, R-RT-02."""
    found = figures.accuracy(invented.contacts(), RulesClassifier())
    assert found.department >= 0.95, found.confused
    assert found.category >= 0.9, found.confused


def test_no_invented_contact_is_among_the_worked_examples() -> None:
    """R-RT-01: what measures must not teach."""
    taught = {text for _, text in packaged_examples()}
    assert not [one.matter.text for one in invented.contacts() if one.matter.text in taught]
    assert not [matter.text for _, _, matter in invented.sensitive_matters() if matter.text in taught]


def test_sensitive_matters_are_found_and_others_let_pass() -> None:
    """R-RT-05."""
    judged = [(reason, sensitive(category, matter)) for reason, category, matter in invented.sensitive_matters()]
    pairs = [(found.flag, reason is not None) for reason, found in judged]
    scores = figures.Scores(pairs.count((True, True)), pairs.count((True, False)), pairs.count((False, True)))
    assert scores.recall >= 0.98
    assert scores.precision >= 0.95


def test_the_reason_is_told() -> None:
    """R-RT-05."""
    judged = [(reason, sensitive(category, matter)) for reason, category, matter in invented.sensitive_matters()]
    told = [reason in found.reasons for reason, found in judged if reason is not None]
    assert sum(told) >= 0.95 * len(told)


def test_who_is_asked_makes_it_complex() -> None:
    """R-RT-04: departments that are asked, not those only spoken of."""
    met = 0
    rows = invented.departments_asked()
    for expected, category, matter in rows:
        owner = figures.DEPARTMENTS.get(category, "market")
        met += (
            grade(category, None, sensitive=False, collaborating_departments={owner, *departments_asked(matter)})
            == expected
        )
    assert met >= 0.85 * len(rows)


def test_missing_fields_are_told() -> None:
    """R-IN-07."""
    rows = invented.registers()
    met = 0
    for label, matter, expected in rows:
        category, _, topic = label.partition("/")
        met += set(missing_fields(category, topic or None, matter, figures.REQUIRED[category])) == expected
    assert met >= 0.95 * len(rows)
