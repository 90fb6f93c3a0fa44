"""The default policy against the tables of the handbook, cell by cell."""

from typing import get_args

import pytest

from shared.policy import Duration, Grade, Metric, Policy, Purpose, load_policy

GRADES: tuple[Grade, ...] = ("urgent", "normal", "complex")
BY_GRADE = {
    "first_response": {"urgent": "10m business", "normal": "30m business", "complex": "120m business"},
    "resolution": {"urgent": "120m business", "normal": "24h wall", "complex": "1440m business"},
}

# Handbook, section 4: category, first_response, department_response, resolution; "grade": by grade; None: no clock.
CLOCKS = [
    ("product_inquiry", "grade", "60m business", "grade"),
    ("project_matching", "grade", None, "grade"),
    ("general", "grade", None, "grade"),
    ("membership", "grade", None, "grade"),
    ("info_change", "grade", None, "grade"),
    ("ad_slot", "grade", None, "grade"),
    ("after_sales", "grade", "60m business", "480m business"),
    ("complaint", "grade", None, "120m business"),
    ("staff_complaint", "grade", None, "120m business"),
    ("emergency", "10m wall", None, "120m business"),
    ("care", None, None, None),
]

# Handbook, section 3: category, topic, department.
OWNERS = [
    ("product_inquiry", None, "market"),
    ("project_matching", None, "market"),
    ("membership", None, "market"),
    ("info_change", None, "network"),
    ("ad_slot", None, "network"),
    ("after_sales", "product", "market"),
    ("after_sales", "project", "market"),
    ("after_sales", "platform_paid", "network"),
    ("after_sales", None, "market"),
    ("complaint", "product", "market"),
    ("complaint", "project", "market"),
    ("complaint", "after_sales", "market"),
    ("complaint", "app_display", "network"),
    ("complaint", "paid_service", "network"),
    ("complaint", None, "market"),
    ("complaint", "weather", "market"),
    ("staff_complaint", None, "service"),
    ("emergency", "medical", "service"),
    ("emergency", "safety", "service"),
    ("general", None, "service"),
    ("care", None, "service"),
]

REQUIRED = {
    "product_inquiry": "customer_name customer_phone product_name",
    "project_matching": "project_name contact_name contact_phone company",
    "membership": "enterprise_name legal_person products",
    "info_change": "enterprise_name change",
    "ad_slot": "advertiser ad_type ad_position ad_duration",
    "after_sales": "customer_name customer_phone purchased_item demand",
    "complaint": "customer_name customer_phone reason",
    "staff_complaint": "employee reason",
    "emergency": "what where",
    "general": "",
    "care": "customer",
}

CHINESE = {
    "product_inquiry": "产品咨询",
    "project_matching": "项目对接",
    "membership": "入会咨询",
    "info_change": "信息修改",
    "ad_slot": "广告位",
    "after_sales": "售后",
    "complaint": "投诉",
    "staff_complaint": "投诉员工",
    "emergency": "紧急情况",
    "general": "一般咨询",
    "care": "主动关怀",
}


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(None)


@pytest.mark.parametrize(("category", "first", "department", "resolution"), CLOCKS)
@pytest.mark.parametrize("grade", GRADES)
def test_clocks(
    policy: Policy, category: str, grade: Grade, first: str | None, department: str | None, resolution: str | None
) -> None:
    """R-SLA-01, R-SLA-02 and the table of section 4."""
    cells: list[tuple[Metric, str | None]] = [
        ("first_response", first),
        ("department_response", department),
        ("resolution", resolution),
    ]
    for metric, cell in cells:
        written = BY_GRADE[metric][grade] if cell == "grade" else cell
        assert policy.target(metric, category, grade) == (Duration.parse(written) if written else None)


def test_the_table_of_clocks_has_every_category(policy: Policy) -> None:
    assert {row[0] for row in CLOCKS} == set(policy.categories) == set(REQUIRED) == set(CHINESE)
    assert {name: category.name.zh for name, category in policy.categories.items()} == CHINESE


@pytest.mark.parametrize("category", sorted(set(CHINESE) - {"care"}))
def test_targets_for_every_category(policy: Policy, category: str) -> None:
    """R-SLA-03 to R-SLA-07."""
    hurry = category in {"complaint", "staff_complaint"}
    expected: dict[Metric, str] = {
        "customer_reply": "10m business" if hurry else "1h business",
        "callback": "10m business" if hurry else "24h wall",
        "progress_update": "24h wall",
        "supervisor_contact": "48h wall",
        "record_entry": "30m wall",
    }
    assert {metric: str(policy.target(metric, category, "normal")) for metric in expected} == expected
    given_with_their_time: tuple[Metric, ...] = ("promise", "collaboration", "cutoff")
    assert [policy.target(metric, category, "normal") for metric in given_with_their_time] == [None] * 3


def test_care_is_planned_by_us_and_has_no_clocks(policy: Policy) -> None:
    running = [metric for metric in get_args(Metric) if policy.target(metric, "care", "normal")]
    assert running == ["supervisor_contact"]  # R-SLA-06: a bad score is followed up wherever it comes from
    assert [name for name, category in policy.categories.items() if category.outbound] == ["care"]


@pytest.mark.parametrize(("category", "topic", "department"), OWNERS)
def test_departments(policy: Policy, category: str, topic: str | None, department: str) -> None:
    """R-RT-02."""
    assert policy.department_for(category, topic) == department


def test_no_topic_is_forgotten(policy: Policy) -> None:
    known = {(name, topic) for name, category in policy.categories.items() for topic in category.topics}
    assert known == {(category, topic) for category, topic, _ in OWNERS if topic and topic != "weather"}


@pytest.mark.parametrize("category", sorted(REQUIRED))
def test_required_fields(policy: Policy, category: str) -> None:
    """R-IN-07."""
    assert list(policy.category(category).required) == REQUIRED[category].split()


def test_procedure(policy: Policy) -> None:
    """R-RT-03, R-RT-04 and the columns `submitted` and `then` of section 3."""

    def having(attribute: str) -> dict[str, object]:
        found = {name: getattr(category, attribute) for name, category in policy.categories.items()}
        return {name: value for name, value in found.items() if value}

    assert {name: str(value) for name, value in having("cutoff").items()} == dict.fromkeys(
        ("info_change", "ad_slot"), "16:00:00"
    )
    assert set(having("confirmation")) == {"info_change", "ad_slot"}
    assert having("grade") == {"membership": "complex", "emergency": "urgent"}
    assert having("hand_on") == {"membership": "network"}
    assert having("department_from") == {"staff_complaint": "employee"}
    assert set(having("to_supervisor")) == {"staff_complaint", "emergency"}
    assert set(having("complaint")) == {"complaint", "staff_complaint"}
    assert set(having("sensitive_request")) == {"info_change"}
    assert having("progress_relay") == {"project_matching": Duration.business(minutes=10)}
    assert policy.routing.urgent_emotions == ("anxious", "impatient")
    assert policy.routing.classifier.plugin == "rules"
    assert policy.routing.sensitive.repeated_complaint == Duration.wall(minutes=7 * 24 * 60)
    assert set(policy.routing.verification.phrases) == {"refund", "order_change", "member_information"}
    assert "投诉-物流延迟" in {rule.tag for rule in policy.routing.tags}


def test_scripts(policy: Policy) -> None:
    """R-FB-01: three callback scripts, and one for the calls that we plan ourselves."""
    scripts = {name: category.script for name, category in policy.categories.items()}
    assert set(scripts.values()) == {"product_project", "platform_ad", "complaint_after_sales", "care"}
    assert {name for name, script in scripts.items() if script == "care"} == {"care"}
    assert {scripts[name] for name in ("complaint", "staff_complaint", "after_sales")} == {"complaint_after_sales"}
    assert {scripts[name] for name in ("product_inquiry", "project_matching")} == {"product_project"}
    assert {scripts[name] for name in ("info_change", "ad_slot")} == {"platform_ad"}


def test_departments_and_staff(policy: Policy) -> None:
    """Handbook, section 1, and the contract's staff directory."""
    kinds = {name: department.kind for name, department in policy.departments.items()}
    helping = ("technical", "logistics", "finance", "sales")
    assert kinds == {
        "service": "service",
        "market": "owner",
        "network": "owner",
        **dict.fromkeys(helping, "collaborate"),
    }
    expected = {
        "service-1": "agent",
        "service-2": "agent",
        "service-supervisor": "supervisor",
        "general-manager": "manager",
    }
    for name in ("market", "network", *helping):
        expected |= {
            f"{name}-1": "agent",
            f"{name}-2": "agent",
            f"{name}-supervisor": "supervisor",
            f"{name}-head": "head",
        }
    assert {key: person.role for key, person in policy.staff_directory.items()} == expected
    for key, person in policy.staff_directory.items():
        assert person.id == key
        assert person.email == f"{key}@example.com"
        assert person.department == (None if key == "general-manager" else key.rpartition("-")[0])
    assert len({person.phone for person in policy.staff_directory.values()}) == len(expected)


def test_people_to_escalate_to(policy: Policy) -> None:
    """R-SLA-10."""
    assert policy.supervisor_of("market").id == "market-supervisor"
    assert policy.head_of("network").id == "network-head"
    assert policy.head_of("service") == policy.manager == policy.staff("general-manager")
    assert policy.service.id == "service"
    assert [person.id for person in policy.members("service")] == ["service-1", "service-2", "service-supervisor"]
    assert policy.staff("nobody") is None
    assert policy.members("nobody") == ()


def test_watching(policy: Policy) -> None:
    """R-SLA-07, R-SLA-09, R-SLA-10."""
    assert policy.sla.warnings == (50, 80)
    steps = [step.model_dump(mode="json") for step in policy.sla.ladder]
    assert steps == [
        {"on": "warning", "percent": 80, "to": "assignee"},
        {"on": "breach", "after": "0h wall", "to": "supervisor"},
        {"on": "breach", "after": "1h business", "to": "head"},
        {"on": "breach", "after": "1d business", "to": "manager"},
    ]
    assert str(policy.sla.digest_window) == "1m wall"
    assert policy.sla.collaboration_start == Duration.business(minutes=120)
    away = policy.sla.agent_away
    assert (str(away.meal), str(away.short), away.at_most) == ("1h wall", "10m wall", 1)


def test_telling(policy: Policy) -> None:
    """R-NT-01 to R-NT-05."""
    notify = policy.notify
    assert set(notify.templates.default) == set(get_args(Purpose))
    assert notify.customer_channels == ("sms", "email")
    assert notify.transports["customer"] == {"sms": ("file",), "email": ("file",)}
    assert str(notify.quiet_hours.hours) == "21:00-08:00"
    assert not notify.quiet_hours.applies("accepted", "complaint")
    assert not notify.quiet_hours.applies("progress", "emergency")
    assert notify.quiet_hours.applies("progress", "complaint")
    assert [str(notify.retries.pause(attempt)) for attempt in (1, 2, 5)] == ["10s wall", "1m wall", "2h wall"]
    assert notify.retries.pause(notify.retries.max_attempts) is None


def test_following_up(policy: Policy) -> None:
    """R-FB-01, R-FB-02, R-FB-04, R-SLA-06, R-FB-06."""
    feedback = policy.feedback
    assert (feedback.attempts, feedback.good_score, feedback.second_contact_below) == (3, 8, 8)
    assert str(feedback.survey_expiry) == "7d wall"
    assert str(feedback.return_call) == "10m business"
    assert "喂" in feedback.quality.forbidden
    assert "不归我管" in feedback.quality.evasions


def test_answering(policy: Policy) -> None:
    """R-IN-10."""
    answering = policy.intake.answering
    assert (answering.rings, answering.introduction.seconds, answering.hold.seconds, answering.call.seconds) == (
        3,
        30,
        60,
        600,
    )
    assert answering.rate_percent == 100


def test_taking_in(policy: Policy) -> None:
    """R-IN-03, R-IN-11."""
    assert policy.intake.volunteered[0] == "volunteered"
    assert not {"caller_id", "crm", ""} & set(policy.intake.volunteered)
    assert policy.intake.tiers == ("new", "returning", "vip")
