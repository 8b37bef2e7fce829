"""Tables that invented names are drawn from: common knowledge of how often names occur.

A table is a string of `word share` pairs; shares are relative, they need not add up to anything.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Names = NDArray[np.object_]
Weights = NDArray[np.float64]


def table(text: str) -> tuple[Names, Weights]:
    """The words of a table and their cumulated shares, the last of which is 1."""
    parts = text.split()
    words = np.array(parts[0::2], dtype=object)
    shares = np.array(parts[1::2], dtype=float)
    return words, np.cumsum(shares / shares.sum())


def ranked(characters: str) -> tuple[Names, Weights]:
    """Characters in order of how common they are; shares fall slowly with the rank."""
    words = np.array(list(characters), dtype=object)
    shares = 1.0 / (np.arange(len(words)) + 8.0)
    return words, np.cumsum(shares / shares.sum())


def draw(random: np.random.Generator, source: tuple[Names, Weights], n: int) -> Names:
    """`n` words drawn with their shares."""
    words, cumulated = source
    return words[np.minimum(np.searchsorted(cumulated, random.random(n)), len(words) - 1)]


# Han surnames as common on the island: more 陈, 王, 符, 林, 吴 than in the country as a whole.
HAN = table(
    "王 8.6 陈 9.8 李 6.6 林 4.9 吴 5.0 黄 4.6 张 4.0 符 4.4 周 2.3 郑 1.9 刘 2.9 杨 2.0 郭 1.3 何 1.6 "
    "邓 1.2 冯 1.5 梁 1.5 谢 1.0 许 1.1 蔡 1.2 曾 1.3 韩 1.0 邢 1.1 云 0.6 潘 0.7 赵 1.5 孙 0.9 徐 0.9 "
    "朱 0.9 马 0.7 胡 0.8 罗 0.9 高 0.7 唐 0.7 钟 0.8 叶 0.6 苏 0.9 卢 0.6 欧 0.4 洪 0.5 庄 0.3 麦 0.5 "
    "羊 0.5 薛 0.4 万 0.4 文 0.4 龙 0.3 方 0.4 宋 0.4 曹 0.3 彭 0.4 袁 0.3 程 0.2 蒋 0.3 余 0.3 江 0.2 "
    "石 0.2 贾 0.1 任 0.2 姚 0.2 谭 0.3 廖 0.3 邱 0.3 侯 0.1 邹 0.2 熊 0.1 白 0.1 孟 0.1 秦 0.1 阎 0.05 "
    "段 0.1 雷 0.2 汤 0.2 尹 0.1 黎 0.4 易 0.1 常 0.1 武 0.1 乔 0.05 贺 0.1 赖 0.2 龚 0.1 詹 0.3 翁 0.3 "
    "岑 0.1 凌 0.1 陆 0.2 倪 0.05 伍 0.1 温 0.1 祝 0.1 覃 0.1 利 0.05 柯 0.2 莫 0.3 饶 0.1 欧阳 0.1 司徒 0.02"
)
# Li, Miao and other nationalities of the island's middle and south.
LI = table("符 14 王 13 黄 10 陈 8 董 4 吉 5 林 4 李 5 韦 3 罗 3 张 3 胡 2 刘 2 高 2 邢 2 卓 2 苻 0.4 麻 0.5 石 1 孙 1")
MIAO = table("邓 22 盘 14 蒋 10 李 10 赵 9 马 5 陈 4 黄 3 卓 1")

MEN = {
    1900: ranked("德文明国光兴昌家世大永春福祥荣华元贵清忠义仁寿成生才金廷学开运业"),
    1950: ranked("国建华明文志军平德光新海永福荣生林强民忠友才金庆正春学玉成昌贵祥发良兴运保"),
    1970: ranked("伟强勇军明华涛斌辉杰海波建志文峰刚平东鹏飞超浩亮国林宁健龙永俊光磊荣成松家新庆"),
    1990: ranked("俊杰鹏宇浩伟文志明家豪飞龙海涛博泽凯超翔嘉健林峰磊晨阳天宏锋杨帆辉振良世君瑞"),
    2005: ranked("宇子浩轩博梓泽俊宸皓睿辰嘉铭昊霖航逸瑞哲诚晨阳承天宏骏恒煜熙言奕安禹桐楷程乐"),
}
WOMEN = {
    1900: ranked("秀英玉兰桂梅花珍莲香凤菊金爱妹娥春娇月芳琼珠姑连荣美琴彩"),
    1950: ranked("秀英玉兰桂芳梅珍莲香春凤爱花金菊美琼丽月娥琴妹珠荣娇华红云霞清连素"),
    1970: ranked("丽红芳艳霞敏娟燕玲萍英梅琴海华丹兰琼莉婷静美秀春妹云香凤慧花洁君文雪"),
    1990: ranked("婷雪丽静颖佳慧敏倩娟丹琳莹晓燕雯洁欣怡玲文海芳娜婉君嘉梅诗美思雨琪莉云"),
    2005: ranked("梓欣涵怡诗雨萱语可馨琪佳子妍彤雅晨钰心悦梦瑶芷若思嘉婉艺宁灵静筱依桐恩然"),
}

# Firm names. Two or three of these make the distinctive part (字号).
FIRM = ranked(
    "海瑞丰盛宏达鑫源恒泰华兴隆昌顺安信诚德祥和美佳润康力天成金椰南洋琼岛博远创联众汇智云启航星辰嘉禾"
    "万通利邦凯腾飞旭东升阳光绿野田园山水蓝湾银河百年福乐友邻春晖景程卓越锦绣宝亿正新世纪元永固健立"
)
