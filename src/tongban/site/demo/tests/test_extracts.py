"""Departments' extracts: the mistakes are there, and the truth beside them is whole."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tongban.base.kernel.api import identity_number
from tongban.site.demo.enterprises import generate_branches, generate_enterprises
from tongban.site.demo.extracts import write_enterprises, write_people
from tongban.site.demo.persons import Residents, generate_persons

REGION = Path(__file__).resolve().parents[5] / "regions" / "hainan"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("province")
    people = Residents(25_000, region=REGION)
    write_people(folder, people)
    firms = generate_enterprises(3_000, generate_persons(20_000, region=REGION), region=REGION)
    write_enterprises(folder, firms, generate_branches(firms, region=REGION))
    return folder


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_row_has_its_truth(folder: Path) -> None:
    for truth, names in (
        ("truth_people", ("public_security", "civil_affairs", "social_security")),
        ("truth_enterprises", ("market_regulation", "tax", "social_units")),
    ):
        known = {(row["extract"], row["key"]): row["entity"] for row in read(folder / f"{truth}.csv")}
        rows = [(name, next(iter(row.values()))) for name in names for row in read(folder / f"{name}.csv")]
        assert set(rows) <= set(known)
        assert len(rows) == len(read(folder / f"{truth}.csv"))


def test_mistakes_about_people(folder: Path) -> None:
    truth = {(row["extract"], row["key"]): row["entity"] for row in read(folder / "truth_people.csv")}
    names = {row["公民身份号码"]: row["姓名"] for row in read(folder / "public_security.csv")}
    social = read(folder / "social_security.csv")
    entity = [truth["social_security", row["个人编号"]] for row in social]
    assert len(entity) > len(set(entity))  # some are in twice
    wrong = [row["证件号码"] for row, real in zip(social, entity, strict=True) if row["证件号码"] not in ("", real)]
    assert len(wrong) > 50
    assert all(identity_number(number).level != "ok" for number in wrong)
    misheard = sum(names.get(real) not in (None, row["姓名"]) for row, real in zip(social, entity, strict=True))
    assert 0.005 < misheard / len(social) < 0.03
    civil = read(folder / "civil_affairs.csv")
    assert any(len(row["身份证件号"]) == 15 for row in civil)
    assert any(row["死亡日期"] for row in civil)
    police = read(folder / "public_security.csv")
    assert len({row["公民身份号码"] for row in police}) < len(police)  # two with one number


def test_mistakes_about_enterprises(folder: Path) -> None:
    market, tax = read(folder / "market_regulation.csv"), read(folder / "tax.csv")
    truth = {row["key"]: row["entity"] for row in read(folder / "truth_enterprises.csv") if row["extract"] == "tax"}
    taxed = {truth[row["纳税人识别号"]] for row in tax}
    alive = {row["统一社会信用代码"] for row in market if row["登记状态"] == "存续"}
    assert 0.02 < len(alive - taxed) / len(alive) < 0.12  # registered and not taxed
    state = {row["统一社会信用代码"]: row["登记状态"] for row in market}
    assert any(state[truth[row["纳税人识别号"]]] == "注销" and row["纳税人状态"] == "正常" for row in tax)
    assert any(row["企业名称"].endswith("分公司") for row in market)
    assert len({row["统一社会信用代码"] for row in market}) == len(market)
    by_number = dict[str, list[str]]()
    for row in market:
        by_number.setdefault(row["注册号"], []).append(row["统一社会信用代码"])
    shared = {(number, codes[1]) for number, codes in by_number.items() if number and len(codes) > 1}
    planted = {(row["number"], row["branch"]) for row in read(folder / "truth_shared_numbers.csv")}
    assert shared and shared <= planted, "an old number is shared where it was planted, and nowhere by chance"
    former = {row["曾用名"] for row in market} - {""}
    assert former & {row["纳税人名称"] for row in tax}


def test_a_block_is_the_same_alone_and_among_others() -> None:
    whole = generate_persons(45_000, region=REGION)
    blocks = list(Residents(45_000, region=REGION))
    assert [len(block["name"]) for block in blocks] == [20_000, 20_000, 5_000]
    assert blocks[2] == {name: values[40_000:] for name, values in whole.items()}
    assert blocks[0] == {name: values[:20_000] for name, values in generate_persons(20_000, region=REGION).items()}
