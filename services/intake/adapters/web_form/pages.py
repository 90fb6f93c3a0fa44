"""What a person sees in the browser after posting a form of HTML without a script."""

from html import escape
from typing import Final

from shared.adapters import HttpProblem

_PAGE: Final = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{title}</title>
<p>{text}</p><p lang="en">{english}</p></html>"""
THANKS: Final = _PAGE.format(
    title="已收到",
    text="您的留言已收到，我们会尽快与您联系。",
    english="Your message has arrived; we will be in touch soon.",
)
_UNUSABLE: Final = frozenset({400, 415, 422})
_TOO_LARGE: Final = 413


def refusal_page(problem: HttpProblem) -> str:
    """Return a page that says that the form was not taken, and what its sender can do."""
    if problem.status in _UNUSABLE and problem.faults:
        fields = escape("、".join(fault.field for fault in problem.faults))
        text = f"请返回上一页，检查这些栏目后再提交：{fields}"
        english = f"Please go back, check these fields and send it again: {fields}"
    elif problem.status in _UNUSABLE:
        text, english = "请返回上一页，重新填写后再提交。", "Please go back, fill it in again and send it."
    elif problem.status == _TOO_LARGE:
        text, english = "内容或文件太大，请减小后再提交。", "The text or a file is too large; please send less."
    else:
        text, english = "现在无法接收，请稍后再提交一次。", "It cannot be taken now; please send it again later."
    return _PAGE.format(
        title="没有提交成功", text=f"您的留言没有提交成功。{text}", english=f"Your message was not sent. {english}"
    )
