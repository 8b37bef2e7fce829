"""Writing rows: validation, versions, history, ledger, events (R9, R11)."""

from __future__ import annotations

import pytest

from tongban.base.kernel.api import Invalid, Ref, Stale, identity_check
from tongban.base.ledger import api as ledger
from tongban.engine.registers import api

BY = Ref("identity.person", "clerk")
FIRM = {
    "uscc": "91350100M000100Y43",
    "name": "海口椰风餐饮有限公司",
    "type": "enterprise",
    "status": "active",
}


def put(**values: object) -> api.Row:  # type: ignore[name-defined]
    return api.write("legal_entity", {**FIRM, **values}, by=BY, reason="设立登记", source="test")


@pytest.mark.django_db
def test_a_row_is_written_found_and_recorded(registers: None) -> None:
    row = put(
        capital="100000.50",
        founded="20240229",
        address={"text": "海秀路1号", "division": "460106", "point": [110.3, 20.0]},
    )
    found = api.find("legal_entity", uscc=FIRM["uscc"])
    assert found == row
    assert str(row["capital"]) == "100000.50" and row["founded"].isoformat() == "2024-02-29"
    assert row["address"] == {"text": "海秀路1号", "division": "460106", "point": (110.3, 20.0)}
    leaf = ledger.history(row.ref)[-1]
    assert leaf.kind == "registers.row.written" and leaf.by == BY
    assert "椰风" not in str(leaf.facts)


@pytest.mark.django_db
def test_an_update_keeps_the_former_version(registers: None) -> None:
    put(capital=1)
    second = put(name="海口椰风酒店有限公司")
    assert second.version == 2 and str(second["capital"]) == "1.00"
    newest, oldest = api.history("legal_entity", second.id)
    assert newest.changes == {"name": ("海口椰风餐饮有限公司", "海口椰风酒店有限公司")}
    assert (oldest.version, oldest.values["name"], oldest.until) == (1, "海口椰风餐饮有限公司", newest.at)


@pytest.mark.django_db
def test_equal_values_change_nothing(registers: None) -> None:
    first = put()
    assert put() == first
    assert len(api.history("legal_entity", first.id)) == 1 and len(ledger.history(first.ref)) == 1


@pytest.mark.django_db
def test_r11_a_stale_version_is_answered_with_what_changed(registers: None) -> None:
    row = put()
    put(name="海口海风餐饮有限公司")
    with pytest.raises(Stale) as stale:
        api.write("legal_entity", {**FIRM, "name": "丙"}, by=BY, reason="x", source="test", version=row.version)
    assert list(stale.value.changes.values()) == [("海口椰风餐饮有限公司", "海口海风餐饮有限公司")]
    assert api.find("legal_entity", uscc=FIRM["uscc"])["name"] == "海口海风餐饮有限公司"  # type: ignore[index]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("uscc", "91350100M000100Y4"),
        ("uscc", None),
        ("name", ""),
        ("name", "长" * 201),
        ("type", "palace"),
        ("capital", "一百万"),
        ("capital", "1.234"),
        ("capital", "NaN"),
        ("founded", "2023-02-29"),
        ("founded", "昨天"),
        ("address", {"text": "x", "point": [200, 0]}),
        ("address", {"wrong": 1}),
        ("phone", "打电话"),
        ("representative_id", "11010519491231002Y"),
        ("name", "a\0b"),
        ("name", "a\ud800b"),
        ("name", ["a"]),
        ("capital", "9" * 400),
        ("founded", "99999-01-01"),
        ("address", {"text": "a\0b"}),
        ("address", {"text": "x", "point": "ab"}),
        ("nothing", "x"),
    ],
)
@pytest.mark.django_db
def test_bad_values_are_refused_by_field_and_nothing_is_written(registers: None, field: str, value: object) -> None:
    with pytest.raises(Invalid) as invalid:
        put(**{field: value})
    assert field in invalid.value.errors
    assert not api.page("legal_entity").rows


@pytest.mark.django_db
def test_a_credit_code_of_the_pilots_is_accepted(registers: None) -> None:
    """standards.md 2.1: legal though its check character is wrong."""
    assert put(uscc="91350100M0001TGQXM").version == 1


@pytest.mark.django_db
def test_retiring_keeps_the_row_readable(registers: None) -> None:
    row = put()
    gone = api.retire("legal_entity", row.id, by=BY, reason="注销登记")
    assert gone.retired and api.find("legal_entity", uscc=FIRM["uscc"]) == gone
    assert not api.page("legal_entity").rows and len(api.page("legal_entity", retired=True).rows) == 1
    assert [leaf.kind for leaf in ledger.history(row.ref)][-1] == "registers.row.retired"
    assert put().valid_to is None  # written again, it is in force again


def identity(area: str = "460106", birth: str = "19900307", serial: str = "001") -> str:
    return (first := area + birth + serial) + identity_check(first)
