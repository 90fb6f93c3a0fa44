"""What mail programs write between an answer and what it answers, and below it: Outlook, QQ, 163, Foxmail, Gmail, iPhone.

Each is asked of the beginning of a line only (`LONGEST_LINE`): some of them take the square of its length.
"""

import re
from typing import Final

LONGEST_LINE: Final = 1_000
"""Characters; a longer line is a paragraph of somebody, and no mark of a program."""

_ORIGINAL: Final = (
    r"original(?:\s+(?:message|e-?mail))?|原始邮件|原邮件|原始郵件|原郵件|原始信息|原始訊息|邮件原件|回复的原邮件|回覆的原郵件"
    r"|replied\s+message|reply\s+message|forwarded\s+(?:message|mail|by.*)|转发的邮件|转发邮件(?:信息)?|轉寄的郵件|轉寄郵件|被转发邮件信息"
    r"|begin\s+forwarded\s+message|ursprüngliche\s+nachricht|message\s+d['’]origine|mensaje\s+original|元のメッセージ|원본\s*메일"
)
SEPARATOR: Final = re.compile(
    rf"[-_=*—－\s]{{2,}}(?:{_ORIGINAL})(?:\s*[:：])?[-_=*—－\s]{{2,}}"
    r"|(?:begin forwarded message|开始转发的邮件|下面是被转发的邮件|以下是转发的邮件)\s*[:：]",
    re.IGNORECASE,
)
"""A whole line, without the spaces around it."""

_COLON: Final = r"\s*(?:\*+\s*)?[:：]\s*\**"
FIELD_BEGINS: Final = re.compile(
    rf"\**\s*(?:发件人|發件人|寄件者|寄件人|from|差出人|von|de|보낸\s*사람|date|发送时间|日期){_COLON}", re.IGNORECASE
)
FIELD_FOLLOWS: Final = re.compile(
    r"\**\s*(?:发送时间|发送日期|傳送時間|寄件日期|發送時間|日期|时间|收件人|收件者|抄送|副本|主题|主旨|標題|标题|发件人"
    rf"|from|sent|date|to|cc|subject|送信日時|宛先|件名|gesendet|an|betreff|envoyé|à|objet|날짜|받는\s*사람|제목){_COLON}",
    re.IGNORECASE,
)

ATTRIBUTION: Final = re.compile(
    r"(?:"
    r"(?:on|at)\s.{6,300}?\bwrote\s*[:：]?"
    r"|.{0,200}(?:<[^<>\s]+@[^<>\s]+>|\bvia\b.{1,100})\s*wrote\s*[:：]"
    r"|(?:在|於|于)\s*.{4,300}?(?:写道|寫道|写到|寫到|编写|撰写)\s*[:：]?"
    r"|.{0,100}(?:于|於|在)\s*\d{4}.{4,150}?(?:写道|寫道|写到|撰写)\s*[:：]?"
    r"|.{0,60}\d{4}\s*[-年/.].{4,200}?(?:写道|寫道|写到)\s*[:：]?"
    r"|.{0,200}<[^<>\s]+@[^<>\s]+>\s*(?:写道|寫道|写到)\s*[:：]?"
    r"|(?:le|el|am|op|il|em)\s.{6,300}?\b(?:a\s+écrit|escribió|schrieb.{0,120}|schreef.{0,120}|ha\s+scritto|escreveu)\s*[:：]"
    r"|\d\d\.\d\d\.\d{4}.{4,200}?(?:написал|пишет)(?:\(?а\)?)?\s*[:：]"
    r"|\d{4}年\d{1,2}月\d{1,2}日.{0,120}<[^<>\s]+@[^<>\s]+>\s*[:：]"
    r")\s*",
    re.IGNORECASE,
)
"""One to three lines, put together with a space."""

MOBILE: Final = re.compile(
    r"(?:"
    r"(?:发自|發自|发送自|傳送自)\s*(?:我的\s*)?.{1,40}"
    r"|(?:来自|來自|从|從)\s*(?:我的\s*)?.{0,20}(?:发送|發送|傳送|寄出|客户端|邮箱|郵箱|手机|手機|邮件|郵件|iphone|ipad|android|foxmail|outlook|大师)"
    r"|sent\s+from\s+(?:my\s+)?.{1,60}|get\s+outlook\s+for\s.{1,30}|(?:获取|下載|取得)\s*outlook\s+for\s.{1,30}"
    r"|(?:从|從|使用)\s*.{1,30}(?:版)?(?:邮件|郵件|邮箱)(?:应用|應用)?(?:发送|發送|傳送).{0,10}"
    r"|envoyé\s+de\s+mon\s.{1,30}|von\s+meinem\s.{1,30}gesendet"
    r")(?:<https?://\S+>)?[。.]?",
    re.IGNORECASE,
)
DISCLAIMER: Final = re.compile(
    r"(?:本邮件及其附件|本電子?郵件及其附件|本邮件(?:（|\()?包?括?附件|此邮件.{0,12}(?:机密|保密)|本电子邮件.{0,20}(?:机密|保密)"
    r"|【?(?:保密|免责)(?:声明|提示)】?"
    r"|this\s+(?:e-?mail|message)(?:\s+and\s+any\s+attachments?|\s*\(including|\s+contains?\s+confidential|\s+is\s+(?:intended|confidential))"
    r"|confidentiality\s+notice|disclaimer\s*[:：])",
    re.IGNORECASE,
)
RULE: Final = re.compile(r"(?:_{3,}|-{3,}|={4,}|\*{4,}|—{3,}|─{3,}|~{4,}|[-_]{3,})")
