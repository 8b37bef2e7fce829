"""DATA-23: addresses and points lead to divisions; features come in judged."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tongban.base.kernel.api import Invalid
from tongban.data.geography import api
from tongban.data.geography.data import Box
from tongban.engine.registers import api as registers

ADDRESSES = {
    "海南省海口市美兰区海甸街道人民大道58号": ("460108", "美兰区", False),
    "海口美兰灵山镇灵桂路3号": ("460108", "灵山镇", False),
    "琼山市龙塘镇": ("460107", "龙塘镇", True),
    "通什市": ("469001", "五指山市", True),
    "保亭县新政镇": ("469029", "新政镇", False),
    "保亭黎族苗族自治县新政镇": ("469029", "新政镇", False),
    "儋州市那大镇": ("460400", "那大镇", False),
    "三亚市海口路1号": ("460200", "三亚市", False),
    " 海 口 市 ": ("460100", "海口市", False),
}


def test_addresses_lead_to_their_division(whole: None) -> None:
    for text, (code, name, former) in ADDRESSES.items():
        found = api.locate(text)
        assert found, text
        assert (found[0].place.code[:6], bool(found[0].former)) == (code, former), (text, found)
        assert name in found[0].place.chain, (text, found)
    ambiguous = api.locate("光明村")
    assert len(ambiguous) > 1
    assert not ambiguous[0].certain
    for nothing in ("", "x", "火星市", "%", "'; --", "长" * 500):
        assert api.locate(nothing) == ()


def test_short_forms() -> None:
    made = [
        api.short_form(*pair)
        for pair in (
            ("海口市", "city"),
            ("琼中黎族苗族自治县", "county"),
            ("博爱街道", "township"),
            ("秀华社区居民委员会", "village"),
            ("向荣村委会", "village"),
            ("那大", "township"),
        )
    ]
    assert made == ["海口", "琼中", "博爱", "秀华社区", "向荣村", ""]


def test_a_point_lies_in_its_county(base: None) -> None:
    found = api.at(110.47, 19.98)
    assert found
    assert found.chain[-2:] == ("海口市", "美兰区") or found.chain[-1] == "美兰区"
    assert api.at(116.4, 39.9) is None


def test_features_come_in_judged_and_again_change_nothing(base: None) -> None:
    square = [[110.0, 19.0], [110.1, 19.0], [110.1, 19.1], [110.0, 19.1], [110.0, 19.0]]
    bow = [[110.0, 19.0], [110.1, 19.1], [110.1, 19.0], [110.0, 19.1], [110.0, 19.0]]

    def one(code: Any, geometry: Any, **more: Any) -> dict[str, Any]:
        return {"type": "Feature", "geometry": geometry, "properties": {"code": code, "usage": "other", **more}}

    features = [
        one("A1", {"type": "Polygon", "coordinates": [square]}),
        one("A2", {"type": "Polygon", "coordinates": [bow]}),
        one("A3", {"type": "Point", "coordinates": [2115000.0, 500000.0]}),
        one("A4", {"type": "Polygon", "coordinates": "none"}),
        one("A5", {"type": "Point", "coordinates": [110.2, 19.2]}, usage="castle"),
        one(None, {"type": "Point", "coordinates": [110.2, 19.2]}),
        one("A7", {"type": "Point", "coordinates": [110.2, 19.2]}, colour="green"),
        "nonsense",
    ]
    before = registers.model("geo_plot").objects.count()
    report = api.import_features("geo_plot", {"type": "FeatureCollection", "features": features})
    assert (report.received, report.inserted, report.refused) == (8, 3, 5)
    assert {"geometry", "mended", "unknown", "feature", "usage.code", "code.required"} == {
        f.code for f in report.findings
    }
    assert registers.model("geo_plot").objects.count() == before + 3
    again = api.import_features("geo_plot", {"type": "FeatureCollection", "features": features[:2]})
    assert (again.inserted, again.updated, again.unchanged) == (0, 0, 2)
    for wrong in ({"type": "Feature"}, {"features": "x"}):
        with pytest.raises(Invalid):
            api.import_features("geo_plot", wrong)


def test_a_feature_written_singly_is_found_by_its_place(base: None, run_jobs: Any) -> None:
    point = {"type": "Point", "coordinates": [109.99, 19.01]}
    values = {"code": "DEMO-X", "name": "示范所", "kind": "other", "geometry": point}
    registers.write("geo_facility", values, by=None, reason="new", source="test")
    run_jobs()
    layer = api.layer("geo_facility", None)
    near = Box(109.98, 19.0, 110.0, 19.02)
    assert "示范所" in [one.title for one in api.features(layer, box=near).features]
    assert json.dumps(api.features(layer, box=Box(109.995, 19.0, 110.0, 19.02)).features[:0]) == "[]"
