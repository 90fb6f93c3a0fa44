"""Who is named in a contact: persons, phones, enterprises (R-IN-07). A form of address counts as a name."""

import re
from typing import Final

from services.routing.domain.matter import Matter

ANONYMOUS: Final = "匿名客户"

_SURNAME = (
    r"(?:欧阳|歐陽|诸葛|司马|上官|司徒|东方|独孤|南宫|夏侯|皇甫|尉迟|公孙|慕容|令狐|"
    r"[赵趙钱錢孙孫李周吴吳郑鄭王冯馮陈陳褚卫衛蒋蔣沈韩韓杨楊朱秦尤许許何吕呂施张張孔曹严嚴华華金魏陶姜戚谢謝邹鄒喻柏窦章云苏蘇潘葛范彭郎鲁魯韦韋"
    r"马馬苗凤花方俞任袁柳鲍鮑史唐费廉岑薛雷贺賀倪汤湯滕殷罗羅毕畢郝邬安常乐于时時傅皮卞齐齊康伍余元卜顾顧孟平黄黃和穆萧蕭尹姚邵湛汪祁毛禹狄米贝明臧"
    r"计伏成戴谈宋茅庞龐熊纪紀舒屈项祝董梁杜阮蓝藍闵席季贾賈路江童颜顏郭梅盛林刁钟鍾徐邱骆高夏蔡田樊胡凌霍虞万萬支柯管卢盧莫经房裘缪解应應宗丁宣邓鄧"
    r"郁单杭洪包左石崔吉龚龔程邢裴陆陸荣翁荀羊甄曲封储靳段焦巴谷车侯全班仲伊宫宁仇栾甘武符刘劉景詹龙龍叶葉司黎白蒲卓屠蒙池乔喬谭譚劳姬申冉桑桂牛燕尚温"
    r"庄莊晏柴瞿阎閻连习容向古易廖终居衡步耿满弘匡文寇广沃利隆师巩关關查游权涂曾覃冼])"
)
_TITLE = r"(?:先生|女士|小姐|太太|老师|老板|總|总|工(?![厂作程业地])|经理|經理|师傅|姐|哥|叔|阿姨|大爷|大妈|奶奶|老师|同学|医生|主任|会计|厂长|校长|院长|店长|队长|老板娘)"
_HAN = r"[\u4e00-\u9fff]"
_NAME = re.compile(
    rf"我姓{_HAN}|(?:免贵)?姓{_SURNAME}(?![名氏])|(?:我叫|我是|本人|叫我|名字(?:是|叫)?|姓名[:是为]?|联系人[:是]?|聯絡人[:是]?|收货人[:是]?|经办人[:是]?|客户名?[:])\s*{_SURNAME}{_HAN}{{1,2}}|"
    rf"(?<!{_HAN})(?:小|老|阿)?{_SURNAME}{_TITLE}|(?:联系|找|联系人|客户|的|是|我|个){_SURNAME}{_TITLE}|(?:联系人|联系|找)[^,。;\n]{{0,6}}[小老阿]{_SURNAME}(?!{_HAN}{{2}})|"
    rf"(?:^|[\s,。.;!?、)）]){_SURNAME}{_HAN}{{1,2}}\s*[,。. ]?\s*(?:$|(?:手机|电话)?[:]?\s*\+?(?:86)?[ -]?1\d{{2}})|"
    r"\b(?:my name is|i am|i'm|this is|name:)\s+[A-Z][a-z]+|(?:regards|thanks|sincerely|cheers|thank you|best)[,.!]?\s*\n+\s*[A-Z][a-z]+|\b(?:Mr|Ms|Mrs|Dr)\.?\s+[A-Z][a-z]+",
    re.IGNORECASE | re.MULTILINE,
)
_SIGNED = re.compile(
    rf"(?:^|\n)[^\n]{{0,20}}?\s{_SURNAME}{_HAN}{{1,2}}\s*(?:\n|$)|(?:^|\n)\s*{_SURNAME}{_HAN}{{1,2}}\s*(?:\n|$)"
)
_PHONE = re.compile(
    r"(?<!\d)(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)|(?<!\d)0\d{2,3}[- ]\d{7,8}(?!\d)|(?<!\d)[48]00[- ]?\d{3}[- ]?\d{4}(?!\d)"
)
_SUFFIX = (
    r"(?:有限公司|有限责任公司|公司|集团|集團|股份|商行|经营部|门市部|工作室|合作社|工程队|施工队|事务所|研究院|设计院|幼儿园|学校|医院|酒店|宾馆|饭店|餐厅|餐饮|超市|便利店|"
    r"制品厂|加工厂|机械厂|电子厂|服装厂|家具厂|印刷厂|食品厂|五金厂|养殖场|农场|茶厂|酒厂|纸厂|厂|建材|五金|门窗|家具|机械|电器|电子|科技|贸易|商贸|实业|工贸|食品|饲料|农业|包装|照明|阀门|电气|仪表|环保|能源|化工|塑料|模具|纺织|家纺|服饰|卫浴|陶瓷|茶业|酒业|乳业|渔具|物流|传媒|装饰|建筑|批发部?|行|店|坊|园|社|馆|铺)"
)
_OWN = r"(?:我司|我公司|我们公司|我们厂|我厂|本公司|我们店|我店|本店|我家店|我们单位|我方|企业|公司|单位|店名|店铺|厂名|抬头|广告主|会员单位|商户|公司名称?|企业名称?|单位名称|公司全称)"
_ENTERPRISE = re.compile(
    rf"{_HAN}{{2,20}}(?:有限公司|有限责任公司|集团|股份公司|商行|经营部|工作室|合作社|工程队|事务所|养殖场|制品厂|加工厂)|"
    rf"{_OWN}\s*(?:名称|名字|全称|名)?\s*(?:是|为|叫|[:(（, ])\s*[“\"]?(?!一|做|有|想|在|要|会|个|不|不是)[\u4e00-\u9fffA-Za-z0-9]{{2,}}|"
    rf"(?:我们?是|这里是|我是|来自|代表|公司)(?!一家|做|个|想|在|的|有|要|会|你|不|搬|名|地|电|简|介){_HAN}{{2,12}}?{_SUFFIX}(?:的|[,。. ]|$)|"
    rf"(?:^|[,。.;\n !?])(?!我们?|你们?|贵|这|那|本|一|个|在|到|去|想|问|要){_HAN}{{2,10}}?(?:制品厂|机械|门窗|五金|建材|家具|科技|贸易|商贸|实业|食品|饲料|卫浴|照明|阀门|环保|厂|公司|酒店|幼儿园|学校|批发|酱园|茶业|酒业|家纺|装饰|物流|电子|电器|农场)(?=想|在|要|的|[,。. :]|$|申请|请|需)|"
    rf"(?:^|[,。;\s])(?:公司|企业|单位|厂家)(?:还是|叫|是|为|:)?\s?(?!一|做|有|想|在|要|会|个|不|的|地|电|名|简|介|主|搬|经|信|资|法|营){_HAN}{{2,10}}(?=[,。;\s]|$)|"
    rf"店(?:名)?(?:是|叫|:)\s*[“\"]?(?!一|做|有|想|你|我)[\u4e00-\u9fff]{{2,}}|{_HAN}{{2,8}}(?:超市|饭店|餐厅|宾馆|药房|书店|面馆|便利店|茶行|酒行|花店)(?=来电|致电|要求|想|的人|来人)|"
    r"\b(?i:our (?:company|firm|factory)|company name|we are|i(?:'m| am) from|on behalf of)[,: ]+(?:is )?[A-Z][\w&.-]+|\b[A-Z][\w&-]+(?: [A-Z][\w&-]+){0,3} (?:Ltd|Inc|LLC|GmbH|Co|Corp|Company|Trading|Components|Fittings|Export|Imports?)\b",
)
_LEGAL = re.compile(
    rf"(?:法人代表|法定代表人|法人|負責人|负责人|老板|legal (?:representative|person))\s*(?:是|为|叫|[:])?\s*(?:{_SURNAME}{_HAN}{{1,2}}|[a-z]+ [a-z]+)|{_SURNAME}{_HAN}{{1,2}}[,]?\s*(?:是|为)?(?:我们)?(?:公司)?(?:的)?(?:法人|法定代表人)|我(?:就)?是法人|法人就?是我|本人(?:就)?是?法人",
    re.IGNORECASE,
)
_UNKNOWN_LEGAL = re.compile(
    r"法(?:人|定代表人)(?:代表)?[^,。]{0,8}(?:没说|不详|未提供|没提供|未说|没填|不肯|待定|还没定|不方便|稍后|暂|变更中)"
)
_EMPLOYEE = re.compile(
    rf"工号\s*[:是为]?\s*[a-zA-Z]{{0,2}}\d+|\d{{2,6}}\s*号?\s*(?:客服|坐席|业务员|接线员)|(?:客服|坐席|专员|业务员)\s*(?:编号)?\s*[a-zA-Z]{{0,2}}\d{{2,6}}|"
    rf"(?:部|部门|中心|客服|业务员|专员|经理|主管|员工|销售|顾问|叫|投诉|举报|姓|那个|的|位|反映)\s*(?:人员|叫|是|姓)?(?:小|老|阿)?{_SURNAME}(?:{_HAN}{{1,2}}|{_TITLE})?(?=[,。::;\s(（!]|$|{_HAN})|"
    rf"小{_SURNAME}(?!的?(?:店|厂|时|区|程|心|伙|姑))|{_SURNAME}(?:经理|主管|主任|专员|工|某)|\b(?:named|called|agent|Mr|Ms|Mrs)\.? [A-Z][a-z]+|\b(?:agent|staff|employee) (?:id|no\.?|number) ?\w+",
    re.IGNORECASE,
)
_NO_EMPLOYEE = re.compile(
    r"(?:没|不|未)(?:有)?(?:报|说|留|告诉|肯说|知道|问|记)[^,。]{0,6}(?:姓名|名字|工号|是谁)|不知道(?:是谁|叫什么|名字|姓名|工号)|(?:名字|姓名|工号)[^,。]{0,4}(?:没|不|忘)"
)


def has_name(matter: Matter) -> bool:
    """Whether a person's name or form of address is known; `匿名客户` is none (R-IN-04)."""
    if matter.customer_name and matter.customer_name.strip() != ANONYMOUS:
        return True
    return _NAME.search(matter.plain) is not None or (
        matter.channel == "email" and _SIGNED.search(matter.plain) is not None
    )


def has_customer(matter: Matter) -> bool:
    """Whether the customer of a care call can be told: by name, member number, enterprise or phone."""
    return has_name(matter) or bool(matter.member_no or matter.customer_phone) or has_enterprise(matter)


def has_phone(matter: Matter) -> bool:
    """Whether a phone number is known; an e-mail address is none."""
    return bool(matter.customer_phone) or _PHONE.search(matter.plain) is not None


def has_enterprise(matter: Matter) -> bool:
    """Whether an enterprise (company, shop, institution) is named."""
    return bool(matter.company) or _ENTERPRISE.search(matter.plain) is not None


def has_advertiser(matter: Matter) -> bool:
    """Whether it is known who advertises: an enterprise, or the customer in person."""
    return has_enterprise(matter) or has_name(matter)


def has_legal_person(matter: Matter) -> bool:
    """Whether the legal person of an enterprise is named."""
    return _UNKNOWN_LEGAL.search(matter.plain) is None and _LEGAL.search(matter.plain) is not None


def has_employee(matter: Matter) -> bool:
    """Whether the employee complained about can be told by name, form of address or number."""
    return _NO_EMPLOYEE.search(matter.plain) is None and _EMPLOYEE.search(matter.plain) is not None
