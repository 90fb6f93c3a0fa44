"""The words for ids of the contract in both languages, as they may appear in a message."""

METRICS = {
    "first_response": ("首次响应", "first response"),
    "department_response": ("部门响应", "department response"),
    "resolution": ("问题解决", "resolution"),
    "customer_reply": ("答复客户", "reply to the customer"),
    "progress_update": ("进展告知", "progress update"),
    "callback": ("回访", "callback"),
    "supervisor_contact": ("主管二次联系", "contact by the supervisor"),
    "record_entry": ("登记补全", "completion of the record"),
    "promise": ("承诺兑现", "promise to the customer"),
    "collaboration": ("跨部门协作", "collaboration"),
    "rework": ("退回重办", "rework of a returned result"),
    "cutoff": ("批次移交", "batch hand-over"),
    "agent_away": ("坐席离席", "agent away"),
}
SATISFACTION = {
    "very_satisfied": ("非常满意", "very satisfied"),
    "satisfied": ("满意", "satisfied"),
    "neutral": ("一般", "neutral"),
    "dissatisfied": ("不满意", "dissatisfied"),
    "very_dissatisfied": ("非常不满意", "very dissatisfied"),
    "not_rated": ("未评价", "not rated"),
}
OUTCOMES = {
    "resolved": ("已解决", "resolved"),
    "pending": ("待跟进", "to be followed up"),
    "transferred": ("需转交", "to be passed on"),
    "unresolvable": ("无法解决", "cannot be resolved"),
    "reached": ("已接通", "reached"),
    "no_answer": ("未接通", "no answer"),
    "refused": ("客户拒绝回访", "declined"),
}
STEPS = {
    "supervisor": ("部门主管", "department supervisor"),
    "head": ("部门负责人", "head of department"),
    "manager": ("总经理", "general manager"),
}
MARKS = {"urgent": ("紧急", "urgent"), "sensitive": ("敏感问题", "sensitive")}
_WEEKDAYS = "一二三四五六日"
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def term(words: dict[str, tuple[str, str]], key: str | None, language: str) -> str | None:
    """Return the word for `key` in the language; the key itself where there is none, None for None."""
    if key is None:
        return None
    chinese, english = words.get(key, (key, key))
    return chinese if language == "zh" else english


def weekday(index: int, language: str) -> str:
    """Return the short name of a day of the week, 0 for Monday."""
    return f"周{_WEEKDAYS[index]}" if language == "zh" else _DAYS[index]


def month(number: int) -> str:
    """Return the short English name of a month, 1 for January."""
    return _MONTHS[number - 1]
