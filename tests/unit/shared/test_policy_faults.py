"""Every kind of fault of a policy file is reported, all together, each with its line."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.policy import Fault, PolicyFileError, load_policy
from shared.policy.loader import DEFAULT_POLICY
from tests.examples import examples

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)  # 08:00 in Shanghai
DEFAULT = DEFAULT_POLICY.read_text(encoding="utf-8")

# (what to change, into what, the fault without its line); the line is that of `what`, plus `down`.
FAULTS = [
    # single values
    ("timezone: Asia/Shanghai", "timezone: Asia/Shangai", 'timezone: no time zone is named "Asia/Shangai"'),
    ("threshold: 0.35", "threshold: 1.5", "routing.classifier.threshold: 1.5 is out of range"),
    ("first_response: 10m wall", "first_response: 10 min", '.clocks.first_response: "10 min" is not a duration'),
    ("record_entry: 30m wall", "record_entry: 30", "sla.record_entry: 30 is written as text"),
    ("department_response: 1h business", "department_response: by_grade", '"by_grade" is not a duration'),
    ('cutoff: "16:00"', "cutoff: 25:00", 'info_change.cutoff: "25:00" is not a time of day'),
    ('hours: "21:00-08:00"', "hours: 9pm", 'notify.quiet_hours.hours: "9pm" is not a stretch of the day'),
    ('hours: "21:00-08:00"', "hours: 08:00-08:00", "notify.quiet_hours.hours: 08:00-08:00 is empty"),
    (
        "kind: owner",
        "kind: ownr",
        'market.kind: "ownr" is not one of owner, collaborate, service (did you mean "owner"?)',
    ),
    (
        "role: agent",
        "role: agnt",
        'role: "agnt" is not one of agent, supervisor, head, manager (did you mean "agent"?)',
    ),
    ('version: "2026.1"', "version: 2026.1", 'version: 2026.1 is not text; put it in quotes: "2026.1"'),
    ("good_score: 8", "good_score: 11", "feedback.good_score: 11 is out of range"),
    ("attempts: 3", "attempts: some", "feedback.attempts: 'some' is not a whole number"),
    ("locale: zh-CN", "locale: Chinese", 'locale: "Chinese" does not have the form'),
    ("staff_channels: [email, sms]", "staff_channels: []", "notify.staff_channels: is empty"),
    ("threshold: 0.35", "threshold: low", "routing.classifier.threshold: 'low' is not a number"),
    ("locale: zh-CN", "locale:", "locale: is empty"),
    ("confirmation: true", "confirmation: maybe", "confirmation: 'maybe' is neither true nor false"),
    ("email: service-1@example.com", "email: service-1", '.email: "service-1" is not an e-mail address'),
    ("market: {name: {zh: 市场部", "Market: {name: {zh: 市场部", 'departments.Market: "Market" cannot be a name here'),
    # the shape
    (
        "  progress_update: 24h wall",
        "  progress_updates: 24h wall",
        'no such key is known here (did you mean "progress_update"?)',
    ),
    (
        "name: {zh: 投诉, en: complaint}",
        "name: 投诉",
        "categories.complaint.name: holds keys with values, not a single",
    ),
    ('mon: ["09:00-17:00"]', 'mon: "09:00-17:00"', "calendars.office.hours.mon: is a list"),
    (
        "    script: platform_ad",
        "    skript: platform_ad",
        "membership.skript: no such key is known here (did you mean",
    ),
    (
        "good_score: 8",
        "good_score: 8\n  good_score: 9",
        "feedback.good_score: stands here again; it is already on line",
    ),
    # calendars
    ("calendar: office #", "calendar: offic #", 'calendar: no calendar is named "offic" (did you mean "office"?)'),
    ("    holidays: cn", "    holidays: xx", 'calendars.office.holidays: no set of holidays is named "xx"'),
    (
        "kind: owner}",
        "kind: owner, calendar: offce}",
        'market.calendar: no calendar is named "offce" (did you mean "office"?)',
    ),
    ('tue: ["09:00-17:00"]', 'tue: ["09:00-12:00", "11:00-17:00"]', "tue: 11:00-17:00 does not come after 09:00-12:00"),
    ('tue: ["09:00-17:00"]', 'tue: ["17:00-09:00"]', "tue.0: 17:00-09:00 does not begin before it ends within one day"),
    ("closed_days: []", "closed_days: [2026-02-30]", "closed_days.0: day is out of range for month"),
    (
        "closed_days: []",
        "closed_days: [2026-02-03..2026-02-01]",
        "closed_days.0: 2026-02-03..2026-02-01 ends before it",
    ),
    ("closed_days: []", "closed_days: [Christmas]", 'closed_days.0: "Christmas" is not a day'),
    (
        "make_up_days: []",
        "make_up_days: [2026-10-10..2026-10-11]",
        "make_up_days.0: 2026-10-10..2026-10-11 is several days",
    ),
    (
        "special_days: {}",
        "special_days: {2026-11-11: [9-21]}",
        'special_days.2026-11-11.0: "9-21" is not a stretch of the day',
    ),
    ("special_days: {}", "special_days: {tomorrow: []}", 'special_days.tomorrow: "tomorrow" is not a day'),
    # names that lead nowhere
    (
        "product: {name: {zh: 产品投诉, en: product}, department: market}",
        "product: {name: {zh: 产品投诉, en: product}, department: markt}",
        'categories.complaint.topics.product.department: no department is named "markt" (did you mean "market"?)',
    ),
    (
        "department: market\n    required: [project",
        "department: sale\n    required: [project",
        '"sale" (did you mean "sales"?)',
    ),
    (
        "hand_on: network",
        "hand_on: netwrk",
        'membership.hand_on: no department is named "netwrk" (did you mean "network"?)',
    ),
    (
        "required: [what, where]",
        "required: [what, wher]",
        'emergency.required.1: no field is named "wher" (did you mean "where"?)',
    ),
    ("optional: [order_no]", "optional: [member]", 'after_sales.optional.0: no field is named "member"'),
    (
        "department: finance, email: finance-1@",
        "department: fin, email: finance-1@",
        'finance-1.department: no department is named "fin"',
    ),
    ("role: agent, department: sales, ", "role: agent, ", "staff.sales-1: every agent belongs to a department"),
    ("role: supervisor, department: sales", "role: agent, department: sales", None),
    ("role: manager", "role: head, department: sales", "staff: no member of staff has the role manager"),
    ("kind: service", "kind: owner", "departments: exactly one department has the kind service, not 0"),
    (
        "role: agent, department: market",
        "role: agent, skills: [adslot], department: market",
        'skills.0: no category is named "adslot"',
    ),
    (
        "by_department: {}",
        "by_department: {markt: by_skill}",
        'routing.assignment.by_department.markt: no department is named "markt" (did you mean "market"?)',
    ),
    (
        "  market: {name",
        "  market: {id: market, name",
        "departments.market.id: the key above is the id; leave this out",
    ),
    (
        "exempt_categories: [emergency]",
        "exempt_categories: [urgent]",
        'exempt_categories.0: no category is named "urgent"',
    ),
    (
        "emergency: {accepted: emergency_accepted}",
        "complaints: {accepted: emergency_accepted}",
        'no category is named "complaints" (did you mean "complaint"?)',
    ),
    ("      survey: survey\n", "", 'notify.templates.default: the purpose "survey" has no template'),
    (
        "customer_channels: [sms",
        "customer_channels: [fax",
        'customer_channels.0: no transport for customer messages by "fax"',
    ),
    # clocks
    ("warnings: [50, 80]", "warnings: [80, 50]", "sla.warnings: warnings must rise: 80, 50"),
    (
        "max_transport_wait: 10s wall",
        "max_transport_wait: 301s wall",
        "notify.max_transport_wait: an answer is waited for from 1 to 300 seconds of wall time, not 301s wall",
    ),
    (
        "max_transport_wait: 10s wall",
        "max_transport_wait: 10s business",
        "notify.max_transport_wait: an answer is waited for from 1 to 300 seconds of wall time, not 10s business",
    ),
    (
        "percent: 80, to",
        "percent: 70, to",
        "sla.ladder.0.percent: no warning is given at 70 % (warnings are at 50, 80 %)",
    ),
    (
        "after: 1d business",
        "after: 30m business",
        "sla.ladder: each step comes later: the step to manager is not after that to head",
    ),
    (
        "after: 1h business, to: head",
        "after: 1h business, to: assignee",
        "sla.ladder: each step goes to someone higher",
    ),
    (
        "{on: warning, percent: 80, to: assignee}",
        "{on: breach, to: assignee}",
        "each step comes later: the step to supervisor",
    ),
    (
        "{on: breach, to: supervisor}",
        "{on: late, to: supervisor}",
        "sla.ladder.1: \"late\" is not one of 'warning', 'breach'",
    ),
    ("{on: breach, to: supervisor}", "{to: supervisor}", "sla.ladder.1: needs the key 'on'"),
    ("pauses: [10s wall, 1m wall", "pauses: [1m wall, 10s wall", "notify.retries.pauses: pauses must grow"),
    ("pauses: [10s wall", "pauses: [10s business", "notify.retries.pauses: pauses between attempts are wall time"),
]


def faults_of(tmp_path: Path, text: str) -> tuple[Fault, ...]:
    path = tmp_path / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyFileError) as caught:
        load_policy(path)
    assert str(caught.value).splitlines() == [str(fault) for fault in caught.value.faults]
    return caught.value.faults


@pytest.mark.parametrize(("good", "bad", "expected"), FAULTS, ids=lambda value: str(value)[:40])
def test_a_fault_is_reported_at_its_line(tmp_path: Path, good: str, bad: str, expected: str | None) -> None:
    before, found, after = DEFAULT.partition(good)
    assert found
    faults = faults_of(tmp_path, before + bad + after)
    if expected is None:  # a supervisor less: the fault is the department's
        line = DEFAULT[: DEFAULT.index("\n  sales: {")].count("\n") + 2
        expected = f'policy.yaml:{line}: departments.sales: no member of staff is the supervisor of "sales"'
        assert [str(fault) for fault in faults] == [expected]
        return
    matching = [fault for fault in faults if expected in f"{fault.path}: {fault.message}"]
    assert len(matching) == 1, faults
    parents = {"staff", "departments", "notify.templates.default", "sla.ladder"}
    first = before.count("\n") + 1
    key = matching[0].path.rpartition(".")[2]
    line = first + bad.count("\n") if "again" in expected else first
    if matching[0].path in parents:
        line = next(n for n, text in enumerate(DEFAULT.splitlines(), 1) if text.strip().startswith(f"{key}:"))
    assert matching[0].line == line


def test_all_faults_come_together_in_order_of_the_file(tmp_path: Path) -> None:
    text = DEFAULT
    for good, bad, expected in FAULTS[:4]:
        text = text.replace(good, bad, 1)
        assert expected
    text = text.replace("hand_on: network", "hand_on: netwrk").replace("attempts: 3", "attempts: 3\n  attempts: 4")
    faults = faults_of(tmp_path, text)
    assert len(faults) == 6
    assert [fault.line for fault in faults] == sorted(fault.line or 0 for fault in faults)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    number=st.integers(0, DEFAULT.count("\n") - 1),
    value=st.sampled_from(["3", "null", "[]", "{}", "[1, {a: b}]", "{a: [1]}", "true", "x", "''", "2026-01-01"]),
    how=st.sampled_from(["delete", "indent", "replace"]),
)
def test_whatever_is_broken_is_a_fault_or_harmless(tmp_path: Path, number: int, value: str, how: str) -> None:
    """No slip of the pen ends in anything but a policy or faults with lines."""
    lines = DEFAULT.splitlines()
    key = lines[number].partition(":")[0]
    lines[number : number + 1] = {"delete": [], "indent": [f"  {lines[number]}"], "replace": [f"{key}: {value}"]}[how]
    path = tmp_path / "policy.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    faults: tuple[Fault, ...] = ()
    opened = MONDAY
    try:
        opened = load_policy(path).calendar_of("market").next_opening(MONDAY)
    except PolicyFileError as error:
        faults = error.faults
    assert bool(faults) == (opened == MONDAY)
    assert all(fault.line and fault.message for fault in faults)


def test_what_is_missing_is_reported_where_it_should_stand(tmp_path: Path) -> None:
    faults = faults_of(tmp_path, 'version: "1"\nlocale: zh-CN\nintake:\n  link_window: 24h wall\n')
    assert "policy.yaml:3: intake.answering: is missing" in map(str, faults)
    assert {fault.path for fault in faults if fault.line == 1} >= {"timezone", "categories", "sla", "staff"}


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("version: 1\n  timezone: x\n", 2, "is no plain YAML: mapping values are not allowed in this context"),
        ("version: [1\nlocale: zh", 2, "is no plain YAML: "),
        (
            "a: 1\n---\nb: 2\n",
            2,
            "is no plain YAML: expected a single document in the stream but found another document",
        ),
        ("a: \x01", 1, "is no plain YAML: control characters are not allowed"),
        ("a: &x 1\nb: *x\n", 1, "is no plain YAML: anchors and aliases are not used in a policy"),
        ("a: 1\nb: !!python/object:os.system x\n", 2, "is no plain YAML: tags are not used in a policy"),
        ("", 1, "is empty"),
        ("- a\n- b\n", 1, "holds no mapping of keys to values"),
        ("just text", 1, "holds no mapping of keys to values"),
        ("a: " + "[" * 3000 + "]" * 3000, None, "is nested too deeply"),
    ],
)
def test_what_is_no_policy_at_all(tmp_path: Path, text: str, line: int | None, expected: str) -> None:
    (fault,) = faults_of(tmp_path, text)
    assert fault.line == line
    assert fault.message.startswith(expected)


def test_deep_nesting_and_odd_keys_have_lines(tmp_path: Path) -> None:
    faults = faults_of(tmp_path, "a: 1\n? [1, 2]\n: 3\nb: " + "[" * 30 + "]" * 30)
    assert "policy.yaml:2: a key is a word, not a list or a mapping" in map(str, faults)
    assert any(fault.line == 4 and fault.message == "is nested too deeply" for fault in faults)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError, match=r"^nothing\.yaml: cannot be read: No such file or directory$"):
        load_policy(tmp_path / "nothing.yaml")
    (tmp_path / "latin.yaml").write_bytes("version: Größe".encode("latin-1"))
    with pytest.raises(PolicyFileError, match=r"^latin\.yaml: is not UTF-8 text"):
        load_policy(tmp_path / "latin.yaml")


@pytest.mark.parametrize(
    ("years", "expected"),
    [
        (
            "2026:\n    official: yes please\n    holidays: []",
            "holidays.cn.yaml:4: years.2026.official: 'yes please' is neither",
        ),
        (
            "2026:\n    official: true\n    holidays: []\n    make_up_days: [2027-01-02]",
            "2027-01-02 is not a day of 2026",
        ),
        ("2026:\n    official: true\n    holiday: []", 'holiday: no such key is known here (did you mean "holidays"?)'),
        ("next:\n    official: true\n    holidays: []", "holidays.cn.yaml:3: years.next"),
        (
            "2026: {official: true, holidays: []}\n  2026: {official: true, holidays: []}",
            "cn.yaml:4: years.2026: stands here again",
        ),
        (
            "2026:\n    official: true\n    holidays:\n    - {name: {zh: 乙, en: b}, days: 2026-02-01}\n    - {name: {zh: 甲, en: a}, days: 2026-01-01}",
            "holidays.cn.yaml:5: years.2026.holidays: 2026-01-01 stands after 2026-02-01",
        ),
    ],
)
def test_faults_of_holiday_data_name_its_own_file(tmp_path: Path, years: str, expected: str) -> None:
    """R-SLA-13: data put beside the policy file is checked like it."""
    (tmp_path / "holidays.cn.yaml").write_text(f"source: test\nyears:\n  {years}\n", encoding="utf-8")
    faults = faults_of(tmp_path, DEFAULT)
    assert [fault for fault in faults if fault.file == "holidays.cn.yaml" and expected in str(fault)], faults
