"""Invented firms, individual businesses and cooperatives with credit codes that check, marked `demo`.

The organisation codes begin with MD, a block that registration offices do not issue from.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from . import names
from .digits import ALPHABET, Bytes, credit_checks, org_checks, put_number, texts
from .persons import AS_OF, MARK, SEED, Columns, Ints, Objects, default_region
from .places import Villages, villages

_DATA = Path(__file__).with_name("data")


@dataclass(frozen=True)
class Trade:
    """A line of business: GB/T 4754 class, words for the name, kind, share, usual capital in 10,000 yuan."""

    industry: str
    words: tuple[str, ...]
    kind: str
    share: float
    capital: int


def _trade(kind: str, lines: str) -> list[Trade]:
    cells = [line.split() for line in lines.strip().splitlines()]
    return [Trade(c[0], tuple(c[3].split("/")), kind, float(c[1]), int(c[2])) for c in cells]


TRADES: list[Trade] = [
    *_trade(
        "enterprise",
        """
        I6510 5 200 科技/软件/信息技术/网络科技
        I6420 2 100 网络科技/信息服务
        I6540 1 500 数据科技/云计算
        F5199 6 200 贸易/商贸/实业/供应链
        F5127 2 100 酒业/茶业
        F5124 1 200 水产/食品
        F5294 2 50 电子商务
        E4700 4 3000 建筑工程/建设工程
        E5010 3 500 装饰工程/装饰设计
        M7482 1 500 工程设计/勘察设计
        K7010 3 5000 房地产开发/置业
        K7020 2 300 物业服务/物业管理
        H6110 3 1000 酒店管理/度假酒店
        H6210 3 100 餐饮管理/餐饮
        L7271 3 100 国际旅行社/旅行社/旅游
        L7292 1 100 会展服务/会议展览
        L7240 3 100 文化传媒/广告
        L7212 2 5000 投资/投资管理/控股
        L7239 3 50 企业管理咨询/商务咨询
        G5430 2 300 物流/运输
        G5990 1 500 仓储/冷链物流
        A0154 2 300 热带农业/农业开发
        A0141 1 200 农业科技/生态农业
        A0411 1 500 海洋渔业/水产养殖
        A0212 1 300 园林绿化/苗木
        C1369 1 500 水产食品/海产品
        C1523 1 1000 椰汁饮料/食品饮料
        C1499 1 500 食品/食品工业
        F5251 1 100 医药/大药房
        Q8330 1 100 门诊部/医疗服务
        P8291 1 100 职业培训/教育科技
        O8011 1 100 汽车服务/汽车维修
        M7520 1 200 技术服务/科技服务
        """,
    ),
    *_trade(
        "individual",
        """
        H6210 6 5 饭店/餐饮店/海鲜店/茶餐厅
        H6220 3 3 小吃店/快餐店/粉店
        F5212 4 5 超市/便利店
        F5211 2 5 百货店/日用品店
        F5281 1 5 五金店/建材店
        F5251 1 5 药店
        O7940 2 3 美容美发店/理发店
        H6190 2 10 民宿/客栈
        H6231 1 3 茶馆/老爸茶店
        F5294 1 3 网店
        """,
    ),
    *_trade(
        "cooperative",
        """
        A0154 3 100 热带水果种植/芒果种植/香蕉种植/荔枝种植
        A0141 2 80 瓜菜种植/蔬菜种植
        A0412 2 100 罗非鱼养殖/水产养殖
        A0169 1 80 茶叶种植/胡椒种植
        A0220 1 100 橡胶种植/槟榔种植
        """,
    ),
]
_REGISTRATION = {"enterprise": b"91", "individual": b"92", "cooperative": b"93"}
_FORMS = {
    "enterprise": np.array(["有限公司"] * 17 + ["有限责任公司"] * 2 + ["股份有限公司"], dtype=object),
    "individual": np.array([""], dtype=object),
    "cooperative": np.array(["农民专业合作社"], dtype=object),
}


def industries() -> dict[str, str]:
    """GB/T 4754 codes with their titles."""
    with (_DATA / "gbt4754.csv").open(encoding="utf-8") as lines:
        return {row["code"]: row["name"] for row in csv.DictReader(lines)}


def generate_enterprises(
    m: int,
    persons: Mapping[str, Sequence[Any]],
    seed: int = SEED,
    region: Path | None = None,
    as_of: date = AS_OF,
) -> Columns:
    """Columns of `m` registered businesses, with the field names of the legal-entity register.

    More businesses with the same seed begin with the same ones.
    Legal representatives are adults among `persons` (one is needed at least). No two businesses share a
    credit code or a name. `capital` is in yuan; the taxpayer number is the credit code, as since 2015.
    """
    lands = villages(region or default_region())
    today = int(np.datetime64(as_of, "D").astype(np.int64))
    ages = (today - np.array(persons["birth_date"], dtype="datetime64[D]").astype(np.int64)) / 365.25
    adults = np.flatnonzero((ages >= 20) & (ages < 75))
    if m and not len(adults):
        raise ValueError("enterprises need at least one grown-up resident as legal representative")
    titles, names_used, columns = industries(), set[str](), dict[str, list[Any]]()
    for number in range(max(-(-m // BLOCK), 1)):
        random = np.random.default_rng([seed, 2, number])
        near = adults[: np.searchsorted(adults, (number + 1) * 6 * BLOCK)] if m else adults[:0]
        part = _block(random, lands, number, today, titles, names_used)
        boss = near[random.integers(0, len(near), BLOCK)].tolist() if len(near) else []
        part["representative"] = [persons["name"][row] for row in boss]
        part["representative_id"] = [persons["id_number"][row] for row in boss]
        for name, values in part.items():
            columns.setdefault(name, []).extend(values)
    columns = {name: values[:m] for name, values in columns.items()}
    return {**columns, "phone": _phones(m), "mark": [MARK] * m}


def generate_branches(firms: Columns, share: float = 0.03, seed: int = SEED, region: Path | None = None) -> Columns:
    """Branches (分公司) of some of the firms: registrations of their own, in other places, named after the firm."""
    lands = villages(region or default_region())
    random = np.random.default_rng([seed, 5])
    heads = [row for row, kind in enumerate(firms["type"]) if kind == "enterprise"]
    chosen = sorted(random.choice(heads, round(len(heads) * share), replace=False).tolist()) if heads else []
    kinds = np.array(["enterprise"] * len(chosen), dtype=object)
    village = _villages(random, lands, kinds)
    uscc = texts(_credit_codes(lands, village, kinds, _BRANCHES))
    columns: Columns = {name: [values[row] for row in chosen] for name, values in firms.items()}
    columns["uscc"] = columns["tax_number"] = uscc
    columns["org_code"] = [f"{code[8:16]}-{code[16]}" for code in uscc]
    towns = [_town(lands.county_names[c]) for c in lands.county[village].tolist()]
    columns["name"] = [f"{name}{town}分公司" for name, town in zip(columns["name"], towns, strict=True)]
    columns["address"] = _premises(random, lands, village)
    columns["address_division"] = [lands.codes[v] for v in village.tolist()]
    return columns


_BRANCHES = 400_000_000  # their serial numbers begin behind all firms'
BLOCK = 1_000
"""Firms are drawn in blocks of this many; the first blocks' heads are among the first residents."""
_START = 46_000_046
_STATUS = np.array(["active", "suspended", "revoked", "cancelled", "moved"], dtype=object)


def _block(
    random: np.random.Generator,
    lands: Villages,
    number: int,
    today: int,
    titles: Mapping[str, str],
    names_used: set[str],
) -> dict[str, list[Any]]:
    shares = np.cumsum([trade.share for trade in TRADES])
    which = np.searchsorted(shares / shares[-1], random.random(BLOCK))
    kinds = np.array([trade.kind for trade in TRADES], dtype=object)[which]
    village = _villages(random, lands, kinds)
    uscc = texts(_credit_codes(lands, village, kinds, number * BLOCK))
    founded = today - 30 - (random.beta(1, 2.6, BLOCK) * 11_500).astype(np.int64)
    return {
        "uscc": uscc,
        "org_code": [f"{code[8:16]}-{code[16]}" for code in uscc],
        "name": _titles(random, lands, which, village, names_used),
        "type": kinds.tolist(),
        "capital": _capital(random, which).tolist(),
        "address_division": [lands.codes[v] for v in village.tolist()],
        "address": _premises(random, lands, village),
        "industry": [TRADES[t].industry for t in which.tolist()],
        "scope": [_scope(TRADES[t], titles) for t in which.tolist()],
        "founded": founded.astype("datetime64[D]").tolist(),
        "tax_number": list(uscc),
        "status": _STATUS[np.searchsorted((0.92, 0.93, 0.95, 0.99), random.random(BLOCK))].tolist(),
    }


def _villages(random: np.random.Generator, lands: Villages, kinds: Objects) -> Ints:
    """Firms sit in neighbourhoods, cooperatives in villages."""
    rural = kinds == "cooperative"
    weights = np.diff(lands.shares, prepend=0.0)
    found = np.empty(len(kinds), dtype=np.int64)
    for chosen, wanted in ((rural, ~lands.urban), (~rural, lands.urban)):
        share = np.cumsum(np.where(wanted, weights, 0.0))
        found[chosen] = np.searchsorted(share / share[-1], random.random(int(chosen.sum())))
    return np.minimum(found, len(lands.codes) - 1)


def _credit_codes(lands: Villages, village: Ints, kinds: Objects, first: int) -> Bytes:
    """GB 32100: registering authority and kind, division, organisation code MD…, check character."""
    m = len(kinds)
    codes: Bytes = np.empty((m, 18), dtype=np.uint8)
    for kind, start in _REGISTRATION.items():
        codes[kinds == kind, :2] = np.frombuffer(start, dtype=np.uint8)
    put_number(codes, 2, 6, np.array([int(code) for code in lands.counties])[lands.county[village]])
    codes[:, 8:10] = np.frombuffer(b"MD", dtype=np.uint8)
    # Stepping by a prime through the 31^6 serial numbers never meets one twice.
    serial = ((first + np.arange(m, dtype=np.int64)) * 179_424_673 + _START) % 31**6
    for column in range(15, 9, -1):
        serial, symbol = np.divmod(serial, 31)
        codes[:, column] = ALPHABET[symbol]
    codes[:, 16] = org_checks(codes[:, 8:16])
    codes[:, 17] = credit_checks(codes)
    return codes


def _titles(random: np.random.Generator, lands: Villages, which: Ints, village: Ints, used: set[str]) -> list[str]:
    """Place, distinctive part, trade and legal form, as 海口瑞丰科技有限公司; every name once."""
    found: list[str] = [""] * len(which)
    towns = [_town(city or county) for city, county in zip(lands.city_names, lands.county_names, strict=True)]
    quarters = [
        _town(county) if city else "" for city, county in zip(lands.city_names, lands.county_names, strict=True)
    ]
    length = 2
    rows = np.arange(len(which))
    while len(rows):
        parts = names.draw(random, names.FIRM, len(rows) * length).reshape(len(rows), length)
        wide = random.random(len(rows)) < 0.3
        again: list[int] = []
        for row, part, provincial in zip(rows.tolist(), parts.tolist(), wide.tolist(), strict=True):
            trade = TRADES[which[row]]
            forms = _FORMS[trade.kind]
            county = lands.county[village[row]]
            place = towns[county]
            if trade.kind == "enterprise":
                place = lands.province if provincial else place
            else:
                place += quarters[county]
            word = trade.words[int(random.integers(len(trade.words)))]
            form = forms[int(random.integers(len(forms)))]
            name = f"{place}{''.join(part)}{word}{form}"
            if name in used or len(set(part)) < length:
                again.append(row)
            else:
                used.add(name)
                found[row] = name
        # Names get scarce with millions of firms: the second try takes three characters, the third four.
        rows, length = np.array(again, dtype=np.int64), min(length + 1, 4)
    return found


def _town(name: str) -> str:
    """How a place is named in a firm's name: 海口 for 海口市, 白沙 for 白沙黎族自治县."""
    for ending in ("黎族苗族自治县", "黎族自治县", "自治县", "市", "县", "区", "省"):
        if name.endswith(ending) and len(name) > len(ending):
            return name.removesuffix(ending)
    return name


def _capital(random: np.random.Generator, which: Ints) -> Ints:
    usual = np.array([trade.capital for trade in TRADES])[which]
    factor = np.array((0.1, 0.3, 0.5, 1.0, 1.0, 2.0, 5.0, 10.0))[random.integers(0, 8, len(which))]
    capital: Ints = np.maximum(usual * factor, 1).astype(np.int64) * 10_000
    return capital


def _scope(trade: Trade, titles: Mapping[str, str]) -> str:
    permits = "（依法须经批准的项目，经相关部门批准后方可开展经营活动）"
    return f"{titles[trade.industry]}；{'、'.join(trade.words)}。{permits}"


def _premises(random: np.random.Generator, lands: Villages, village: Ints) -> list[str]:
    house = random.integers(1, 300, len(village)).tolist()
    floor = random.integers(1, 20, len(village)).tolist()
    return [
        f"{lands.addresses[v]}{h}号{f}层" if lands.urban[v] else f"{lands.addresses[v]}{h}号"
        for v, h, f in zip(village.tolist(), house, floor, strict=True)
    ]


def _phones(m: int) -> list[str]:
    """Numbers 1549…, apart from the residents' 1540 to 1548."""
    codes: Bytes = np.empty((m, 11), dtype=np.uint8)
    codes[:, :4] = np.frombuffer(b"1549", dtype=np.uint8)
    put_number(codes, 4, 7, (np.arange(m, dtype=np.int64) * 6_700_417 + 1_234_567) % 10_000_000)
    return texts(codes)
