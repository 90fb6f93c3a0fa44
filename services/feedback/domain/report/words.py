"""The words of reports in Chinese and English; names of departments, categories and topics are the policy's."""

from typing import Final, Literal

from shared.policy import Policy

Language = Literal["zh", "en"]

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "weekly": ("客户服务周报", "Weekly feedback report"),
    "monthly": ("客户服务月报", "Monthly feedback report"),
    "period": ("统计周期", "Period"),
    "made": ("生成时间", "Made"),
    "policy": ("策略版本", "Policy"),
    "unfinished": ("周期尚未结束，数据为截至生成时的情况。", "The period is not over: the figures are as of now."),
    "late": (
        "上一周期（{first} 至 {last}）的报告发布后又有迟到记录：{counts}。已发布的报告不再改动。",
        "After the report of the period before ({first} to {last}) was published, more was told of it: {counts}. A published report stays as it is.",
    ),
    "contacts": ("来访", "Contacts"),
    "opened": ("新建", "Opened"),
    "closed": ("关闭", "Closed"),
    "cancelled": ("取消", "Cancelled"),
    "open": ("期末未结", "Open at end"),
    "reopened": ("重开", "Reopened"),
    "attainment": ("时限达成率", "Deadlines met"),
    "satisfaction": ("满意率", "Satisfied"),
    "score": ("平均评分", "Mean score"),
    "one_score": ("评分", "Score"),
    "level": ("满意度", "Satisfaction"),
    "before": ("上期", "before"),
    "met": ("达成", "Met"),
    "breached": ("超时", "Missed"),
    "answers": ("回访答复", "Answers"),
    "key_figures": ("关键指标", "Key figures"),
    "trend_volume": ("工作单数量趋势", "Work orders over time"),
    "trend_quality": ("达成率与满意率趋势", "Deadlines met and satisfaction over time"),
    "chart_metric": ("各类时限达成率", "Deadlines met by kind"),
    "chart_levels": ("各部门满意度", "Satisfaction by department"),
    "work": ("部门与分类工作量", "Work by department and category"),
    "deadlines": ("时限达成", "Deadlines"),
    "deadlines_category": ("各分类时限达成", "Deadlines by category"),
    "answers_title": ("客户满意度", "Customer satisfaction"),
    "channels": ("来访渠道", "Channels"),
    "problems": ("高频问题", "Most frequent problems"),
    "phrases": ("客户高频用语（至少 {least} 位客户）", "Most frequent words (of at least {least} customers)"),
    "telephone": ("电话接听", "Telephone"),
    "agents": ("客服用语与质检", "Agents' texts and reviews"),
    "complaints": ("处理得当的投诉", "Complaints resolved well"),
    "high_scores": ("高分案例", "High scores"),
    "breaches": ("严重超时案例", "Worst missed deadlines"),
    "trend": ("趋势数据", "Trend"),
    "department": ("部门", "Department"),
    "category": ("分类", "Category"),
    "topic": ("主题", "Topic"),
    "grade": ("分级", "Grade"),
    "metric": ("时限", "Deadline"),
    "channel": ("渠道", "Channel"),
    "agent": ("客服", "Agent"),
    "number": ("工作单号", "Number"),
    "phrase": ("用语", "Words"),
    "customers": ("客户数", "Customers"),
    "count": ("数量", "Count"),
    "share": ("占比", "Share"),
    "reached": ("接通", "Reached"),
    "no_answer": ("未接通", "No answer"),
    "refused": ("拒绝", "Refused"),
    "solved": ("已解决", "Solved"),
    "unsolved": ("未解决", "Not solved"),
    "very_satisfied": ("非常满意", "Very satisfied"),
    "satisfied": ("满意", "Satisfied"),
    "neutral": ("一般", "Neutral"),
    "dissatisfied": ("不满意", "Dissatisfied"),
    "very_dissatisfied": ("非常不满意", "Very dissatisfied"),
    "not_rated": ("未评价", "Not rated"),
    "calls": ("来电", "Calls"),
    "missed_calls": ("未接", "Missed"),
    "answer_rate": ("接听率", "Answer rate"),
    "rings": ("响铃超限", "Rings exceeded"),
    "introduction": ("自报姓名超限", "Introduction exceeded"),
    "hold": ("等待超限", "Hold exceeded"),
    "call": ("通话超限", "Call exceeded"),
    "texts": ("文本数", "Texts"),
    "forbidden": ("禁用语", "Forbidden phrases"),
    "evasions": ("推诿用语", "Evasions"),
    "reviews": ("抽检数", "Reviews"),
    "expression": ("表达", "Expression"),
    "problem_solving": ("解决问题", "Problem solving"),
    "attitude": ("态度", "Attitude"),
    "overdue": ("超时时长", "Overdue by"),
    "pending": ("仍未完成", "Still open"),
    "yes": ("是", "yes"),
    "reopenings": ("重开次数", "Reopenings"),
    "first_day": ("周期开始", "From"),
    "total": ("合计", "Total"),
    "of_nobody": ("（无）", "(nobody)"),
    "no_category": ("（非工作单）", "(no work order)"),
    "nothing": ("本周期没有数据。", "Nothing in this period."),
    "first_response": ("首次响应", "First response"),
    "department_response": ("部门响应", "Department response"),
    "resolution": ("问题解决", "Resolution"),
    "customer_reply": ("答复客户", "Reply to the customer"),
    "progress_update": ("进展告知", "Progress update"),
    "callback": ("回访", "Callback"),
    "supervisor_contact": ("主管二次联系", "Second contact by the supervisor"),
    "record_entry": ("登记补全", "Completion of the record"),
    "promise": ("承诺兑现", "Promise to the customer"),
    "collaboration": ("跨部门协作", "Collaboration"),
    "collaboration_start": ("发起跨部门协作", "Start of the collaboration"),
    "cutoff": ("批次移交", "Batch hand-over"),
    "rework": ("退回重办", "Rework of a returned result"),
    "agent_away": ("离席返回", "Return of an agent"),
    "progress_relay": ("进展转告", "Passing on of progress"),
    "phone": ("电话", "Phone"),
    "web": ("在线客服", "Web"),
    "email": ("邮件", "Email"),
    "wechat": ("公众号", "WeChat"),
    "wecom": ("企业微信", "WeCom"),
    "weibo": ("微博", "Weibo"),
    "sms": ("短信", "SMS"),
    "app": ("APP", "App"),
    "walk_in": ("到访", "Walk-in"),
}


class Words:
    """Says things in one language; what it has no word for stays as it is."""

    def __init__(self, language: Language, policy: Policy) -> None:
        self.language = language
        self._place = 0 if language == "zh" else 1
        self._policy = policy

    def __call__(self, key: str, **values: object) -> str:
        """Return the word for `key` with `values` put in."""
        said = _WORDS[key][self._place] if key in _WORDS else key
        return said.format(**values) if values else said

    def department(self, key: str) -> str:
        """Return the department's name."""
        known = self._policy.departments.get(key)
        return known.name.in_locale(self.language) if known else key

    def category(self, key: str | None) -> str:
        """Return the category's name."""
        if key is None:
            return self("no_category")
        known = self._policy.categories.get(key)
        return known.name.in_locale(self.language) if known else key

    def topic(self, category: str, key: str | None) -> str:
        """Return the topic's name, nothing where there is none."""
        if key is None:
            return ""
        known = self._policy.categories.get(category)
        topic = known.topics.get(key) if known else None
        return topic.name.in_locale(self.language) if topic else key

    def grade(self, key: str) -> str:
        """Return the grade's name."""
        known = next((text for grade, text in self._policy.grades.items() if grade == key), None)
        return known.in_locale(self.language) if known else key

    def least_customers(self) -> int:
        """Return how many customers a phrase must be of to be told."""
        return self._policy.feedback.reports.least_customers
