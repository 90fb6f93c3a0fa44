"""One written form for all texts before rules read them: half-width and simplified characters, of bounded length."""

import unicodedata
from functools import lru_cache

_HEAD = 1_500
_TAIL = 500

# Traditional forms that occur in the vocabulary of the rules, each pair traditional then simplified.
_PAIRS = (
    "們们個个對对會会員员買买賣卖貨货發发開开關关門门機机電电話话線线網网頁页圖图顯显錯错誤误條条訂订單单錢钱費费報报價价"
    "詢询問问請请謝谢應应該该還还沒没過过這这裡里裏里哪哪嗎吗麼么為为來来時时間间後后從从實实際际產产質质變变換换補补"
    "壞坏損损維维檢检測测試试師师傅傅員员務务態态處处聯联絡络係系繫系業业務务業业廠厂廣广告告東东車车輪轮飛飞驚惊"
    "騙骗詐诈虛虚傳传說说講讲認认識识證证據据貴贵負负責责區区號号碼码賬账帳账戶户額额費费稅税藥药醫医療疗傷伤"
    "燒烧熱热涼凉氣气煙烟火火漏漏觸触險险緊紧急急救救護护輛辆運运輸输遞递籤签簽签領领給给經经營营執执照照圍围"
    "項项目目與与協协議议標标競竞設设計计劃划軟软體体數数據据庫库寫写讀读記记錄录檔档舊旧銷销售售購购進进駐驻"
    "無无長长張张陳陈劉刘楊杨黃黄趙赵吳吴鄭郑孫孙馬马葉叶盧卢蔣蒋羅罗許许鄧邓馮冯蕭萧韓韩閻阎龍龙龔龚顧顾賀贺"
    "難难讓让須须願愿點点樣样種种類类當当從从擇择擔担擁拥動动勞劳勢势優优勝胜嚴严國国場场塊块壓压夠够夢梦奪夺"
    "孩孩寬宽將将專专尋寻導导屬属層层帶带幫帮幣币幹干廢废強强彈弹徹彻恥耻惡恶愛爱憤愤懷怀戰战擊击據据擾扰"
    "敗败斷断於于曆历書书條条極极構构檔档歡欢歲岁歷历殘残殺杀滅灭滿满潔洁濕湿灣湾燈灯爛烂爭争獲获環环現现異异"
    "瘡疮眾众確确禮礼稱称穩稳筆笔簡简糧粮級级細细終终結结絕绝統统綠绿緩缓編编練练縮缩總总繼继續续罵骂罰罚義义習习"
    "聲声聽听職职腳脚臉脸舉举興兴蘋苹蓋盖處处補补裝装製制複复規规視视覺觉觀观計计討讨訊讯訴诉評评詞词該该詳详"
    "調调課课談谈論论諮咨諾诺謊谎譯译議议財财貼贴資资賠赔賬账購购贈赠趕赶跡迹轉转較较載载辦办農农適适選选遲迟"
    "遠远遺遗郵邮鄉乡釋释針针鐘钟鋼钢鐵铁鏡镜閉闭閱阅隊队階阶際际隨随雖虽雙双雞鸡離离雜杂頁页頂顶順顺預预頭头題题"
    "頻频顏颜額额風风飯饭飲饮餐餐館馆駕驾驗验騷骚髒脏鬧闹魚鱼鮮鲜麗丽麥麦黨党齊齐齡龄傾倾碳碳纖纤維维車车產产業业"
)
_SIMPLIFIED = str.maketrans(dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True)))


@lru_cache(maxsize=256)
def plain(text: str) -> str:
    """Return the text as rules read it; of a very long one its beginning and its end, where the matter is stated."""
    if len(text) > _HEAD + _TAIL:
        text = f"{text[:_HEAD]}\n{text[-_TAIL:]}"
    return unicodedata.normalize("NFKC", text).translate(_SIMPLIFIED)
