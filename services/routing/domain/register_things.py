"""What a contact names besides persons: goods, projects, advertisements, demands, reasons, places (R-IN-07)."""

import re

from services.routing.domain.matter import Matter

# What is left of a text without these words names something; without a remainder it names nothing.
_FILLER = re.compile(
    r"你们?|您|我们?|咱们?|好|请问|想问|问一?下|咨询|一下|这个|那个|这款|那款|这|那|有没有|没有|有|现货|货|多少钱|什么价格?|价格|报价|报个价|怎么卖|怎么|如何|多少|卖|便宜|能|可以|可|吗|么|呢|啊|吧|呀|哦|了|的|在|不|"
    r"买过?|东西|商品|产品|宝贝|订单|问题|处理|帮我处理一下|帮|忙|给|要|想|是|还|请|麻烦|谢谢|老板|亲|投诉|举报|员工|工作人员|客服|你家|平台|急|快点?|尽快|解决|退货|退款|换货|发货|几天|什么|时候|到|上次|昨天|今天|上周|刚|一个|个|一|"
    r"hello|hi|please|how much|price|is it|available|i want to complain|complain|[\W\d_]",
    re.IGNORECASE,
)
_NAMED_ENOUGH = 2
_DEMAND = re.compile(
    r"[退腿](?:我|货|款|钱|费|掉|换|回|订|差|还|一|了(?!市))|[想要能可给]退|怎么退|换(?:货|新|个|一|台|件|成|码|掉|好)|[想要能给]换|调换|更换|补(?:发|寄|开|装|一|偿|差|货|个|送|齐)|重(?:发|开|新|寄|做|装)|修(?!改?了[一两三\d])|维护|保修|上门|派(?:人|师傅)|来人|检测|调试|赔|补偿|"
    r"发票|专票|普票|开票|改(?:地址|收货|个|成|一下|时间|到)|地址|取消|撤销|催|尽快|赶紧|什么时候|多久|几时|何时|哪天|几号|怎么(?:办|弄|处理|解决|退|还没|没|不)|查一?下|看看|看一下|核实|(?<!帮我)处理一下|帮我(?!处理)|顺延|延长|延期|开通|到账|返还|"
    r"要求|希望|申请|能不能|能否|可否|可不可以|可以.{0,14}[吗么不]|能.{0,12}[吗么不]|安排|给个|寄(?:一|个|来|过)|发(?:一|个|过来|来)|说明|解释|"
    r"\b(?:refund|replace\w*|exchange|repair|fix|return|resend|send|invoice|compensat\w+|cancel|please|could you|can you|want|need)\b",
    re.IGNORECASE,
)
_PROJECT = re.compile(
    r"[“「《\"'][^”」》\"'\n]{3,40}[”」》\"']|[\u4e00-\u9fffA-Za-z0-9]{2,20}(?:改造|建设|采购|工程|安装|绿化|装修|提标|扩建|施工|检测|改建|中心|园区|基地|车站|机场|小区|学校|医院|工厂)[\u4e00-\u9fff]{0,8}项目|"
    r"(?:项目名称?|项目)(?:是|为|叫|[:])\s*[\u4e00-\u9fffA-Za-z0-9]{3,}|(?:[\u4e00-\u9fff]{4,}|[A-Za-z][\w &-]{4,})(?<!你们)(?<!平台上)(?<!哪些)(?<!什么)(?<!一个)(?<!那个)(?<!合适的)(?<!合作)(?<!发布的)(?<!有没有)(?:项目|工程|标段)|the [A-Z][\w &-]{4,60} (?:project|tender)",
)
_VAGUE_PROJECT = re.compile(
    r"(?:什么|哪些|哪个|有没有|合适的?|相关的?|新的?|一些|类似的?|任何|能做的|能接的|好的?|靠谱的?)[\u4e00-\u9fff]{0,6}项目"
)
_PRODUCTS = re.compile(
    r"(?:主营|主要(?:产品|经营|生产|做|卖)|主力产品)(?:业务|产品)?[:是的]?\s*[\u4e00-\u9fffA-Za-z0-9]{2,}|(?:产品(?:是|有|为|包括|[:]|(?!目录|图|质量|问题|咨询|展示|资料|不|太|很|更|和|价))|经营|生产|制造|销售|批发|供应|做|卖|种|养|加工|出口|代理)(?!什么|哪|一下|不|成|会员|入|大|推广|生意|起来|主)[:是的了着]?\s*[\u4e00-\u9fffA-Za-z0-9]{2,}|"
    r"\b(?:make|makes|produce\w*|manufactur\w*|sell|sells|export\w*|supply|supplies|ships?|products? (?:are|is|include))\b|[\u4e00-\u9fff]{2,8}(?:厂商|制造商|生产商|供应商|经销商|代理商)",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    r"电话|号码|手机|地址|联系人|联系方式|法人|法定代表人|负责人|执照|经营范围|主营|名称|店名|公司名|企业名|简介|介绍|logo|标志|图标|官网|网址|邮箱|时间|资质|证书|目录|产品|图片?|价格|照片|二维码|公众号|传真|许可证|税号|开户|账号|规模|人数|分类|类别|行业|视频|头像|英文|品牌|密码|"
    r"\b(?:phone|address|contact|e-?mail|name|website|logo|profile|licen[cs]e|catalog\w*|hours|scope)\b",
    re.IGNORECASE,
)
_AD_TYPE = re.compile(
    r"横幅|轮播|焦点图|通栏|图片|视频|弹窗|开屏|文字|文字链|贴片|信息流|浮窗|悬浮|冠名|大图|静态图|动图|动态图|海报|软文|短片|推荐|banner|pop-?up|video|splash|carousel|\btext\b|\bimage\b|gif|竞价|对联|图文|长图|广告图",
    re.IGNORECASE,
)
_AD_POSITION = re.compile(
    r"首页|频道|分类页?|类目|搜索|结果页|详情页|专题|专区|侧边|侧栏|左侧|右侧|顶部|底部|中部|二屏|首屏|第[一二三四五\d]屏|第[一二三四五\d](?:个|号|帧|位|张)?(?:位|图)?|列表页|会场|开屏|启动页|app内|小程序|公众号|登录页|页头|页尾|栏目|home ?page|category|search|sidebar|top|landing|专栏|板块|版块|馆",
    re.IGNORECASE,
)
_AD_DURATION = re.compile(
    r"(?:\d+|[一二两三四五六七八九十半几]+)个?\s*(?:天|日(?!起)|周|星期|礼拜|月|季度|季|年)(?!前|后|以前)|半(?:个)?(?:月|年)|(?:到|至|—|~|-)\s*(?:\d+|[一二三四五六七八九十]+|这个|下个?|本|年)?\s*(?:月|号|日|年底|月底|月末|年末|季度末)|(?:整|全|一)(?:个)?(?:月|季|年)|长期|\d+[./月]\d+日?\s*(?:到|至|-|—|~)|"
    r"\b(?:\d+|a|one|two|three|four|six)[ -](?:days?|weeks?|months?|quarters?|years?)\b|\buntil\b|\btill\b|\bthrough\b",
    re.IGNORECASE,
)
_NO_DURATION = re.compile(
    r"(?:时长|时间|周期|期限|多久|多长时间|几天)[^,。]{0,10}(?:没定|未定|待定|没想好|没说|不确定|再说|再定|还没|看价|看报价)"
)
_NO_POSITION = re.compile(
    r"(?:位置|版位|放哪|投哪|放在?哪)[^,。]{0,10}(?:没定|未定|待定|没想好|没说|不确定|再说|再定|还没|都行|都可以|没选)"
)
_NO_TYPE = re.compile(r"(?:类型|形式|形态)[^,。]{0,10}(?:没定|未定|待定|没想好|没说|不确定|再说|再定|还没)")
_PLACE = re.compile(
    r"[\u4e00-\u9fffA-Za-z\d]{1,10}(?:路|街|巷|弄|小区|花园|大厦|大楼|广场|仓库|库房|车间|厂房|工地|门店|店里|超市|商场|食堂|展厅|大厅|前台|会议室|停车场|医院|学校|宿舍|公寓|村|镇|乡|县|区(?!别)|市(?!场)|省|楼|层|栋|号楼|单元|室|站|码头|园区|园|展馆|展位|展会|机房|电梯|卫生间|走廊|门口|现场|院)|[东南西北]\s*(?:角|侧|门|面|区)|"
    r"(?:在|位于|地址|位置|人在|家住|住在)[:是]?\s*(?!你们?|平台|网|用|吃|买)[\u4e00-\u9fffA-Za-z\d]{2,}|家里|厨房|客厅|卧室|浴室|阳台|\b(?:warehouse|at the|in the|room|floor|street|road|hospital|kitchen)\b",
    re.IGNORECASE,
)
_NO_PLACE = re.compile(
    r"(?:没|未)(?:来得及)?(?:留|说|报|给|讲|提供)[^,。]{0,4}(?:地址|位置|地点|在哪)|(?:地址|位置|地点)[^,。]{0,4}(?:不详|没说|未说|不明|不清)"
)


def names_something(text: str) -> bool:
    """Return whether enough of `text` is left without the words that name nothing; read only until it is."""
    left = end = 0
    for filler in _FILLER.finditer(text):
        left += filler.start() - end
        end = filler.end()
        if left >= _NAMED_ENOUGH:
            return True
    return left + len(text) - end >= _NAMED_ENOUGH


def has_product(matter: Matter) -> bool:
    """Whether goods are named, not only pointed at."""
    return bool(matter.details.get("product_name")) or names_something(matter.plain)


def has_purchase(matter: Matter) -> bool:
    """Whether it is told what was bought: the goods, or the order or project they came with."""
    known = any(matter.details.get(key) for key in ("product_name", "order_no", "project_name", "purchased_item"))
    return known or names_something(matter.plain)


def has_products(matter: Matter) -> bool:
    """Whether an enterprise tells what it makes or sells."""
    return (
        bool(matter.details.get("products") or matter.details.get("product_name"))
        or _PRODUCTS.search(matter.plain) is not None
    )


def has_project(matter: Matter) -> bool:
    """Whether a project is named; asking for any suitable one names none."""
    if _VAGUE_PROJECT.search(matter.plain) and not re.search(r"[“「《]", matter.plain):
        return False
    return _PROJECT.search(matter.plain) is not None


def has_change(matter: Matter) -> bool:
    """Whether it is told what is to change."""
    return _CHANGE.search(matter.plain) is not None


def has_demand(matter: Matter) -> bool:
    """Whether the customer says what should be done."""
    return _DEMAND.search(matter.plain) is not None


def has_reason(matter: Matter) -> bool:
    """Whether a complaint tells its cause."""
    return names_something(matter.plain)


def has_ad_type(matter: Matter) -> bool:
    """Whether the kind of advertisement is told."""
    return _NO_TYPE.search(matter.plain) is None and _AD_TYPE.search(matter.plain) is not None


def has_ad_position(matter: Matter) -> bool:
    """Whether it is told where the advertisement stands."""
    return _NO_POSITION.search(matter.plain) is None and _AD_POSITION.search(matter.plain) is not None


def has_ad_duration(matter: Matter) -> bool:
    """Whether it is told how long the advertisement runs."""
    return _NO_DURATION.search(matter.plain) is None and _AD_DURATION.search(matter.plain) is not None


def has_event(matter: Matter) -> bool:
    """Whether an emergency tells what happened."""
    return names_something(matter.plain)


def has_place(matter: Matter) -> bool:
    """Whether an emergency tells where it happens."""
    return _NO_PLACE.search(matter.plain) is None and _PLACE.search(matter.plain) is not None
