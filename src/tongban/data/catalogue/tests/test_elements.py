"""Standard data elements: the list, picking from it, what departs from it, and the share by level (DATA-09)."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest

from tongban.base.kernel.api import Invalid, Refused
from tongban.data.catalogue import api, elements, loading
from tongban.data.catalogue.data import DataType, Item, Resource
from tongban.trust.identity.data import OfficeKind

from .conftest import ENTERPRISES

HEAD = "标识,内部标识符,中文名称,定义,数据类型,数据长度,值域代码集,来源标准"
USCC = "legal_entity.uscc,DE001,统一社会信用代码,主体代码,C,18,,GB 32100-2015"
SEX = "population.sex,DE002,性别,人的性别,字符型,1,GB/T 2261.1,GB/T 2261.1-2003"


def csv(*lines: str) -> io.BytesIO:
    return io.BytesIO("\n".join(lines).encode())


def test_data_09_the_authority_loads_elements_and_people_find_them(town: SimpleNamespace) -> None:
    bad = "No Key,,,,不知,长,,"
    report = api.load_elements(town.authority, csv(HEAD, USCC, SEX, bad), "a.csv")
    assert (report.added, report.changed, report.same) == (2, 0, 0)
    assert {(one.row, one.field) for one in report.findings} == {
        (4, name) for name in ("key", "title", "standard", "type", "length")
    }
    again = api.load_elements(town.authority, csv(HEAD, USCC, SEX.replace("人的", "自然人的")), "a.csv")
    assert (again.added, again.changed, again.same) == (0, 1, 1)
    assert [one.key for one in api.elements("性别 GB/T")] == ["population.sex"]
    assert [one.key for one in api.elements(after="legal_entity.uscc")] == ["population.sex"]
    assert elements.item_of(elements.named(["DE002"])[0]) == Item(
        "sex", "性别", DataType.TEXT, 1, "GB/T 2261.1", element="population.sex"
    )
    assert api.load_elements(town.authority, io.BytesIO(loading.template()), "a.xlsx").added == 3
    with pytest.raises(Refused):
        api.load_elements(town.editor, csv(HEAD, USCC.replace("18", "20")), "a.csv")
    with pytest.raises(Invalid):
        api.load_elements(town.authority, csv("标识,定义", "a,b"), "a.csv")
    assert api.elements("社会信用")[0].length == 18


def test_data_09_what_departs_is_named_and_counts(town: SimpleNamespace, published: Callable[..., Resource]) -> None:
    kept = published()
    assert kept.item("uscc") and api.figures().standard == 1
    api.load_elements(town.authority, csv(HEAD, USCC.replace("18", "20")), "a.csv")
    assert api.figures().standard == 0  # what is published was looked at again
    report = api.import_entries(
        town.tax_editor,
        csv(
            "类,项,目,信息资源名称,信息资源提供方,信息项名称,字段名,数据类型,数据长度,数据元",
            "3,7,3,甲,示范省税务局,信用代码,uscc,N,18,legal_entity.uscc",
            ",,,,,统一社会信用代码,code,C,20,",
        ),
        "a.csv",
    )
    said = [one.message for one in report.findings if "legal_entity.uscc" in one.message]
    assert len(said) == 2 and "数据类型" in said[0] and "18" in said[0] and "数据类型" not in said[1]
    api.load_elements(town.authority, csv(HEAD, USCC), "a.csv")
    assert api.figures().standard == 1


def test_data_09_the_share_is_told_by_level(town: SimpleNamespace, published: Callable[..., Resource]) -> None:
    published()
    found = {one.level: (one.published, one.standard, one.share, one.goal) for one in api.levels()}
    assert found == {
        OfficeKind.PROVINCE: (1, 1, 1.0, 90),
        OfficeKind.CITY: (0, 0, None, 90),
        OfficeKind.COUNTY: (0, 0, None, 70),
    }
    assert replace(ENTERPRISES).items[0].element == "legal_entity.uscc"
