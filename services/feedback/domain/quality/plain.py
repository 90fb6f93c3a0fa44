"""A text as it is compared: half-width, lower case, simplified characters, without invisible ones; places are kept."""

import unicodedata
from dataclasses import dataclass
from typing import Final

# Pairs of a traditional character and its simplified one: those that occur in everyday service language.
_PAIRS: Final = (
    "們们這这個个說说話话請请問问謝谢聽听嗎吗麼么沒没還还過过時时間间對对難难題题麻麻煩烦幫帮處处辦办務务員员嗨嗨應应該该"
    "歸归關关係系與与無无責责負负屬属於于職职業业門门曉晓訴诉們们檔档週周麼么妳你您您餵喂催催著着誰谁哪哪裡里裏里啥啥"
    "電电話话號号訂订單单貨货發发運运費费價价錢钱帳账賬账戶户買买賣卖賠赔償偿換换維维護护質质檢检驗验證证據据簽签認认"
    "確确實实核核查查詢询覆复復复回回報报補补貼贴優优惠惠圖图片片張张碼码錄录音音視视頻频螢荧顯显屏屏標标籤签寫写讀读講讲"
    "談谈論论議议評评語语詞词課课設设計计許许試试調调諒谅講讲記记誌志誤误錯错諮咨諾诺護护讓让變变豐丰貴贵資资貿贸賓宾"
    "贈赠車车軟软輕轻輛辆輸输轉转辦办農农遞递遲迟達达違违遠远適适選选遺遗邊边郵邮鄉乡醫医釋释鐘钟鎖锁鏈链鏡镜鐵铁銀银"
    "銷销鋪铺長长開开閉闭陽阳陰阴隊队階阶際际險险隨随離离雙双雜杂雖虽雲云霧雾靈灵靜静韓韩響响項项順顺須须預预領领頭头"
    "顏颜願愿類类顧顾風风飛飞飯饭飲饮養养館馆驚惊騰腾驗验髮发鬧闹魚鱼鳥鸟麥麦黃黄點点齊齐齒齿龍龙龜龟東东絲丝兩两嚴严"
    "喪丧豈岂臨临為为麗丽舉举義义烏乌樂乐喬乔習习書书亂乱爭争亞亚產产畝亩親亲億亿僅仅從从倉仓儀仪衆众眾众會会傘伞偉伟"
    "傳传傷伤倫伦偽伪體体傭佣俠侠僑侨偵侦側侧倆俩儉俭債债傾倾儲储兒儿黨党蘭兰興兴茲兹寫写軍军農农馮冯沖冲決决況况凍冻"
    "淨净涼凉減减湊凑幾几憑凭凱凯擊击劃划劉刘則则剛刚創创刪删劇剧劑剂動动勁劲勞劳勢势勵励勸劝區区華华協协單单賣卖盧卢"
    "衛卫卻却廠厂廳厅歷历曆历厲厉壓压厭厌縣县參参雙双發发變变敘叙葉叶號号嘆叹嚇吓嗎吗啓启啟启吳吴員员嗚呜詠咏響响嘩哗"
    "團团園园圍围國国圖图圓圆聖圣場场壞坏塊块堅坚壇坛壩坝墳坟墜坠塵尘墊垫壯壮聲声殼壳壺壶備备夠够頭头誇夸夾夹奪夺奮奋"
    "獎奖奧奥婦妇媽妈姊姐嬌娇孫孙學学寧宁寶宝實实寵宠審审憲宪宮宫寬宽賓宾對对尋寻導导壽寿將将爾尔嘗尝層层屆届屬属歲岁"
    "島岛嶺岭幣币帥帅師师帳帐帶带幫帮乾干廣广慶庆廬庐庫库廢废開开異异棄弃彈弹強强彌弥彎弯當当徹彻徑径從从後后憂忧懷怀"
    "態态慫怂憐怜總总戀恋懇恳惡恶惱恼悅悦懸悬驚惊懼惧慘惨慣惯憤愤戲戏戰战戶户撲扑執执擴扩掃扫揚扬擾扰撫抚拋抛搶抢護护"
    "擔担擬拟揀拣擁拥攔拦擰拧撥拨擇择掛挂擋挡掙挣擠挤揮挥撈捞損损撿捡換换搗捣據据擄掳攜携攝摄擺摆搖摇攤摊敵敌數数齋斋"
    "斷断鬥斗無无舊旧曠旷顯显晉晋曬晒暫暂術术機机殺杀權权條条來来極极構构槍枪楓枫檯台櫃柜檸柠棟栋欄栏樹树樣样橋桥橫横"
    "檢检樓楼歡欢歐欧殘残毀毁畢毕斃毙氈毡氣气漢汉湯汤溝沟滬沪淚泪潑泼潔洁灑洒澆浇濁浊測测濟济渾浑濃浓湧涌潤润漲涨淵渊"
    "漁渔滲渗溫温灣湾濕湿潰溃滅灭滿满濾滤濫滥灘滩滯滞燈灯災灾爐炉煉炼煩烦燒烧熱热愛爱爺爷牆墙獻献狀状猶犹獨独獅狮獄狱"
    "獲获貓猫環环現现瑪玛產产畫画暢畅療疗瘋疯癢痒癥症皺皱盞盏鹽盐監监蓋盖盤盘睜睁瞞瞒矚瞩礦矿碼码磚砖礎础禮礼禍祸離离"
    "種种積积稱称穩稳窮穷竊窃競竞筆笔築筑簡简籃篮類类糧粮緊紧糾纠紅红約约級级紀纪純纯紗纱納纳紛纷紙纸紐纽線线練练組组"
    "細细織织終终經经結结給给絕绝絡络統统繼继績绩緒绪續续維维綿绵綠绿緩缓編编緣缘縮缩網网罷罢羅罗職职聯联聰聪肅肃腸肠"
    "膚肤腫肿脹胀脅胁勝胜膠胶腦脑髒脏臉脸艱艰藝艺節节蕪芜蘇苏蘋苹範范莊庄薦荐藥药獲获營营蕭萧藍蓝蟲虫雖虽蝦虾蠟蜡補补"
    "襯衬襲袭裝装褲裤見见觀观規规視视覽览覺觉觸触譽誉讚赞貝贝貞贞財财貢贡貧贫貪贪販贩貫贯購购賀贺賊贼賴赖賺赚賽赛趕赶"
    "趙赵躍跃踐践躲躲車车軌轨載载較较輯辑邏逻遼辽鄰邻鄭郑釘钉針针鈕钮鉛铅銅铜鋁铝鋼钢錶表鍋锅鍵键閃闪閒闲閱阅闆板隱隐"
    "雞鸡電电頂顶頁页頓顿頒颁頗颇額额飄飘餓饿餘余餐餐餅饼驅驱駁驳駐驻駕驾騙骗騎骑鬆松鮮鲜鴨鸭鹹咸麵面鼠鼠稅税啲的咗了"
)
SIMPLIFIED: Final = {_PAIRS[n]: _PAIRS[n + 1] for n in range(0, len(_PAIRS), 2) if _PAIRS[n] != _PAIRS[n + 1]}
_APOSTROPHES: Final = "‘’`´ʼ"


@dataclass(frozen=True, slots=True)
class Plain:
    """A text to compare; `places[n]` is where its `n`th character stands in the original, with the end at the last."""

    text: str
    places: tuple[int, ...]


def plain(text: str) -> Plain:
    """Return `text` to compare: every way to write the same words looks the same."""
    characters: list[str] = []
    places: list[int] = []
    for place, original in enumerate(text):
        for one in unicodedata.normalize("NFKC", original).lower():
            if unicodedata.category(one) == "Cf":  # zero-width characters hide a phrase from a plain search
                continue
            characters.append("'" if one in _APOSTROPHES else SIMPLIFIED.get(one, one))
            places.append(place)
    return Plain("".join(characters), (*places, len(text)))
