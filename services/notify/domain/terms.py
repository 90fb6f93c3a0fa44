"""The words for ids of the contract in both languages, as they may appear in a message."""

METRICS = {
    "first_response": ("首次响应", "first response"),
    "department_response": ("部门响应", "department response"),
    "resolution": ("问题解决", "resolution"),
    "customer_reply": ("答复客户", "reply to the customer"),
    "progress_update": ("进展告知", "progress update"),
    "callback": ("回访", "callback"),
    "supervisor_contact": ("主管二次联系", "second contact by the supervisor"),
    "record_entry": ("登记补全", "completion of the record"),
    "promise": ("承诺兑现", "promise to the customer"),
    "collaboration": ("跨部门协作", "collaboration"),
    "rework": ("退回重办", "rework of a returned result"),
    "collaboration_start": ("发起跨部门协作", "start of the collaboration"),
    "progress_relay": ("进展转告", "passing on of progress"),
    "cutoff": ("批次移交", "batch hand-over"),
    "agent_away": ("离席返回", "return of an agent"),
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
REPORTS = {
    "weekly": ("客户服务周报", "weekly feedback report"),
    "monthly": ("客户服务月报", "monthly feedback report"),
}
ASKED = {
    "customer_name": ("您的姓名", "your name"),
    "customer_phone": ("您的联系电话", "your phone number"),
    "contact_name": ("联系人姓名", "the name of a contact person"),
    "contact_phone": ("联系人电话", "a phone number"),
    "company": ("公司名称", "your company"),
    "enterprise_name": ("企业名称", "the name of your enterprise"),
    "legal_person": ("法定代表人", "the legal representative"),
    "products": ("经营的产品", "the products that you deal in"),
    "product_name": ("产品名称", "the product"),
    "project_name": ("项目名称", "the project"),
    "purchased_item": ("购买的商品或服务", "what you bought"),
    "demand": ("希望如何处理", "what you would like us to do"),
    "reason": ("事情的经过", "what happened"),
    "employee": ("相关工作人员的姓名或工号", "the name or number of the member of staff"),
    "change": ("需要修改的内容", "what is to be changed"),
    "advertiser": ("广告主名称", "the advertiser"),
    "ad_type": ("广告类型", "the type of advertisement"),
    "ad_position": ("广告位置", "the position"),
    "ad_duration": ("投放时长", "the duration"),
    "what": ("发生了什么", "what happened"),
    "where": ("发生的地点", "where it happened"),
    "order_no": ("订单号", "the order number"),
}
"""How a customer is asked for a field of the register (R-IN-07)."""
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
