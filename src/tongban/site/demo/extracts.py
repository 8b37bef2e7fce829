"""What departments would send of the invented province: extracts with planted mistakes, and the truth kept apart.

Of people: public security, civil affairs, social security. Of enterprises: market regulation, tax, social security.
About one row in five has some mistake; people move and die, two people share a number, one has two, firms change
their names, have branches and old registration numbers, are registered but not taxed and taxed but cancelled
(DATA-18, DATA-34, SCN-07, SCN-24). `truth_*.csv` says which resident or enterprise each row is. Old registration
numbers are each enterprise's own, but some branches were entered under their firm's: `truth_shared_numbers.csv`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import misheard, mistyped, short_number, spoken, traditional
from .persons import AS_OF, SEED, Columns

POLICE = ("人员编号", "姓名", "性别", "公民身份号码", "出生日期", "民族", "户籍地址", "状态")
CIVIL = ("登记号", "姓名", "身份证件号", "出生日期", "婚姻状况", "居住地址", "死亡日期")
SOCIAL = ("个人编号", "姓名", "证件号码", "手机号码", "联系地址", "参保状态")
MARKET = (
    "统一社会信用代码", "企业名称", "曾用名", "注册号", "企业类型", "法定代表人", "法定代表人证件号", "注册资本",
    "住所", "行业代码", "成立日期", "登记状态",
)  # fmt: skip
TAX = ("纳税人识别号", "纳税人名称", "法定代表人", "生产经营地址", "纳税人状态", "主管税务机关")
UNITS = ("单位编号", "单位名称", "统一社会信用代码", "参保人数", "联系电话")
Luck = NDArray[np.float64]
_TYPES = {"enterprise": "企业", "individual": "个体工商户", "cooperative": "农民专业合作社"}
_STATES = {"active": "存续", "suspended": "歇业", "revoked": "吊销", "cancelled": "注销", "moved": "迁出"}


class _Files:
    """One CSV file per extract and one of truth, open while blocks go through."""

    def __init__(self, folder: Path, stack: ExitStack, headings: Mapping[str, Sequence[str]], truth: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.paths = {name: folder / f"{name}.csv" for name in (*headings, truth)}
        self.counts = dict.fromkeys(self.paths, 0)
        self._truth = truth
        self._writers = {}
        for name, path in self.paths.items():
            file = stack.enter_context(path.open("w", encoding="utf-8", newline=""))
            self._writers[name] = csv.writer(file)
            self._writers[name].writerow(headings.get(name, ("extract", "key", "entity")))

    def add(self, name: str, row: Sequence[Any], entity: str) -> None:
        """A row, and who or what it is in truth."""
        self._writers[name].writerow(row)
        self._writers[self._truth].writerow((name, row[0], entity))
        self.counts[name] += 1
        self.counts[self._truth] += 1


def write_people(folder: Path, blocks: Iterable[Columns], seed: int = SEED) -> dict[str, int]:
    """The three extracts of people; rows written by file."""
    with ExitStack() as stack:
        headings = {"public_security": POLICE, "civil_affairs": CIVIL, "social_security": SOCIAL}
        files = _Files(folder, stack, headings, "truth_people")
        first, previous = 0, ""
        for number, block in enumerate(blocks):
            random = np.random.default_rng([seed, 3, number])
            for row in range(len(block["name"])):
                person = {name: values[row] for name, values in block.items()}
                _person(files, person, first + row, previous, random)
                previous = person["id_number"]
            first += len(block["name"])
    return files.counts


def _person(files: _Files, person: Mapping[str, Any], number: int, other: str, random: np.random.Generator) -> None:
    luck = random.random(16)
    entity = person["id_number"]
    age = (AS_OF - person["birth_date"]).days / 365.25
    dead = age > 70 and luck[0] < 0.08
    # Police: the cleanest; 1 in 500 in twice, 1 in 2,000 under a neighbour's number, 1 in 2,000 with a second number.
    police_number = other if luck[1] < 0.0005 and other else entity
    row = [
        f"PS{number:09d}", person["name"], person["sex"], police_number, person["birth_date"].isoformat(),
        person["nation"], person["address"], "注销" if dead and luck[2] < 0.7 else "正常",
    ]  # fmt: skip
    files.add("public_security", row, entity)
    if luck[3] < 0.002:
        files.add("public_security", [f"PD{number:09d}", *row[1:3], mistyped(entity, random), *row[4:]], entity)
    # Civil affairs knows the married and the dead.
    if dead or (age > 22 and luck[4] < 0.55):
        name = traditional(person["name"]) if luck[5] < 0.02 else person["name"]
        written = "" if luck[6] < 0.06 else short_number(entity) if age > 45 and luck[6] < 0.10 else entity
        birth = person["birth_date"].strftime("%Y%m%d")
        if luck[7] < 0.005 and int(birth[6:]) <= 12:
            birth = birth[:4] + birth[6:] + birth[4:6]
        died = (
            AS_OF.replace(day=1 + number % 28, month=1 + number % 12, year=AS_OF.year - 1).isoformat() if dead else ""
        )
        files.add(
            "civil_affairs",
            [f"MZ{number:09d}", name, written, birth, person["marriage"], spoken(person["residence"]), died],
            entity,
        )
    # Social security types what people say at the window.
    if age > 16 and luck[8] < 0.75:
        name = misheard(person["name"]) if luck[9] < 0.015 else person["name"]
        written = mistyped(entity, random) if luck[10] < 0.01 else "" if luck[10] < 0.04 else entity
        address = spoken(person["residence"]) if luck[11] < 0.6 else person["residence"]
        phone = "" if luck[12] < 0.1 else person["phone"]
        state = "待遇领取" if age > 60 else "正常参保" if luck[13] < 0.9 else "暂停"
        files.add("social_security", [f"SB{number:09d}", name, written, phone, address, state], entity)
        if luck[14] < 0.01:
            again = [f"SX{number:09d}", name, "", phone, person["address"], "暂停"]
            files.add("social_security", again, entity)


def write_enterprises(folder: Path, firms: Columns, branches: Columns, seed: int = SEED) -> dict[str, int]:
    """The three extracts of enterprises; `branches` are further registrations named after a firm before them."""
    headings = {"market_regulation": MARKET, "tax": TAX, "social_units": UNITS}
    random, count = np.random.default_rng([seed, 4]), len(firms["uscc"])
    numbers = dict[str, str]()  # the firm's name -> its old registration number
    shared = []
    with ExitStack() as stack:
        files = _Files(folder, stack, headings, "truth_enterprises")
        for row in range(count):
            firm, luck = {name: values[row] for name, values in firms.items()}, random.random(12)
            numbers[firm["name"]] = _old_number(firm, row, luck)
            _firm(files, firm, numbers[firm["name"]], row, luck)
        for row in range(len(branches["uscc"])):
            branch, luck = {name: values[row] for name, values in branches.items()}, random.random(12)
            heads = (branch["name"][:cut] for cut in range(len(branch["name"]), 0, -1))
            old = next((numbers[name] for name in heads if name in numbers), "")
            if old and luck[8] < 0.75:  # entered under the number of its firm: one old number, two credit codes
                shared.append((old, branch["uscc"]))
            else:
                old = _old_number(branch, count + row, luck)
            _firm(files, branch, old, count + row, luck)
    with (folder / "truth_shared_numbers.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("number", "branch"), *shared])
    return {**files.counts, "truth_shared_numbers": len(shared)}


def _old_number(firm: Mapping[str, Any], number: int, luck: Luck) -> str:
    return f"46{number % 10**11:011d}" if firm["founded"].year < 2015 and luck[1] < 0.8 else ""


def _firm(files: _Files, firm: Mapping[str, Any], old: str, number: int, luck: Luck) -> None:
    entity, name = firm["uscc"], firm["name"]
    former = _former(name) if luck[0] < 0.03 else ""
    files.add(
        "market_regulation",
        [
            entity, name, former, old, _TYPES[firm["type"]], firm["representative"], firm["representative_id"],
            firm["capital"], firm["address"], firm["industry"], firm["founded"].isoformat(), _STATES[firm["status"]],
        ],
        entity,
    )  # fmt: skip
    alive = firm["status"] in ("active", "suspended")
    if (alive and luck[2] < 0.94) or (not alive and luck[2] < 0.15):  # the rest: registered and not taxed
        tax_number = old if old and luck[3] < 0.05 else entity
        title = former if former and luck[4] < 0.8 else _short(name) if luck[4] > 0.97 else name
        state = "正常" if alive or luck[5] < 0.5 else "注销"  # half of these: cancelled and still taxed
        office = f"国家税务总局{firm['address'][3:6]}税务局"
        address = spoken(firm["address"])
        files.add("tax", [tax_number, title, firm["representative"], address, state, office], entity)
    if alive and luck[6] < 0.6:
        written = "" if luck[7] < 0.1 else entity[8:17] if luck[7] < 0.2 else entity
        title = _short(name) if luck[8] < 0.05 else former if former and luck[8] < 0.5 else name
        files.add("social_units", [f"DW{entity[8:17]}", title, written, 1 + number % 97, firm["phone"]], entity)


def _former(name: str) -> str:
    """The name before the change: another line of business."""
    for ending, before in (("有限公司", "贸易有限公司"), ("有限责任公司", "实业有限责任公司"), ("店", "商店")):
        if name.endswith(ending):
            return name.removesuffix(ending) + before
    return name + "（筹）"


def _short(name: str) -> str:
    """As people say it."""
    return name.removeprefix("海南").replace("有限责任公司", "公司").replace("有限公司", "公司")
