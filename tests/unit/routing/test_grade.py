"""The grade of a matter (R-RT-04)."""

import pytest

from services.routing.domain.grade import departments_asked, grade
from services.routing.domain.matter import Matter


@pytest.mark.parametrize(
    ("category", "emotion", "sensitive", "departments", "expected"),
    [
        ("emergency", None, False, (), "urgent"),
        ("general", "calm", True, (), "urgent"),
        ("product_inquiry", "anxious", False, (), "urgent"),
        ("membership", "impatient", False, (), "urgent"),
        ("membership", "calm", False, (), "complex"),
        ("after_sales", None, False, ("market", "technical"), "complex"),
        ("after_sales", None, False, ("market", "market"), "normal"),
        ("complaint", "dissatisfied", False, (), "normal"),
    ],
)
def test_the_grade_follows_category_marked_emotion_sensitivity_and_departments(
    category: str, emotion: str | None, sensitive: bool, departments: tuple[str, ...], expected: str
) -> None:
    """R-RT-04."""
    assert grade(category, emotion, sensitive, departments) == expected


@pytest.mark.parametrize(
    ("text", "departments"),
    [
        ("请技术部出图纸、财务部提供账单", ("technical", "finance")),
        ("需要市场部和物流部一起配合发货", ("market", "logistics")),
        ("请财务部把发票开了", ("finance",)),
        ("市场部让我找网络部，网络部又推给市场部，踢皮球", ()),
        ("轴承有货吗", ()),
    ],
)
def test_departments_asked_by_name(text: str, departments: tuple[str, ...]) -> None:
    """R-RT-04: who is only blamed is not asked."""
    assert departments_asked(Matter(text)) == departments
