"""`yingda workorder show` tells in words what a work order has beside its steps."""

from shared.cli.workorder_aspects import aspects


def test_what_there_is_to_say_is_said() -> None:
    """R-IN-05 to R-IN-07, R-RT-09 to R-RT-11."""
    told = {
        "verification": {
            "required": True,
            "reasons": ["refund"],
            "verified": True,
            "by": "service-1",
            "at": "2026-11-23T02:00:00Z",
            "identifier": "order_no",
        },
        "register": {
            "complete": False,
            "missing": [{"field": "demand", "zh": "客户诉求", "en": "demand"}, {"field": "x"}],
        },
        "customer_tags": ["投诉-物流延迟", "重点"],
        "links": [{"number": "XR1", "category": "complaint", "department": "market", "status": "closed"}],
        "promises": [{"promised_at": "2026-11-24T09:00:00Z", "by": "market-1", "text": "明天"}],
        "collaborations": [
            {"deliverable": "检测", "with_department": "technical", "due_at": "2026-11-24T09:00:00Z", "state": "open"}
        ],
    }
    assert aspects(told) == [
        ("verification", "the customer was verified by order_no, service-1 at 2026-11-23T02:00:00Z"),
        ("register", "lacks demand 客户诉求, x"),
        ("customer's tags", "投诉-物流延迟, 重点"),
        ("linked with", "XR1 (complaint, market, closed)"),
        ("promised", "2026-11-24T09:00:00Z by market-1: 明天"),
        ("asked for", "检测 from technical by 2026-11-24T09:00:00Z: open"),
    ]


def test_what_is_not_done_or_not_needed_is_told_too() -> None:
    """R-IN-05: an agent sees that the customer has to be asked first."""
    open_gate = {"required": True, "reasons": ["category", "refund"], "verified": False}
    assert aspects({"verification": open_gate, "register": {"complete": True}}) == [
        ("verification", "needed before a result (category, refund), not done yet"),
        ("register", "complete"),
    ]
    assert aspects({}) == [("verification", "not needed")]
