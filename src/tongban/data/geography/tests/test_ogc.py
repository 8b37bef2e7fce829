"""OGC API - Features - Part 1: Core (OGC 17-069r4): the requirements a reader's program relies on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tongban.base.kernel.api import now, travelled
from tongban.engine.registers import api as registers

pytestmark = [pytest.mark.urls("tongban.site.urls_public")]


def read(path: str, status: int = 200, **query: str) -> Any:
    response = Client().get(path, query)
    assert response.status_code == status, response.content[:300]
    assert response["Access-Control-Allow-Origin"] == "*"
    return response.json()


def links(body: Any) -> dict[str, str]:
    return {link["rel"]: link["href"] for link in body["links"]}


def test_the_landing_page_leads_everywhere(base: None) -> None:
    found = links(read("/ogc"))
    assert {"self", "service-desc", "conformance", "data"} <= set(found)
    for rel in ("self", "service-desc", "conformance", "data", "service-doc"):
        assert Client().get(found[rel]).status_code == 200
    assert len(read("/ogc/conformance")["conformsTo"]) == 3
    definition = Client().get(found["service-desc"])
    assert definition["Content-Type"] == "application/vnd.oai.openapi+json;version=3.0"
    paths = definition.json()["paths"]
    assert {"limit", "bbox", "datetime"} <= {
        p["name"] for p in paths["/collections/geo_road/items"]["get"]["parameters"]
    }
    ids = [operation["get"]["operationId"] for operation in paths.values()]
    assert len(ids) == len(set(ids))


def test_collections_say_what_and_where(base: None) -> None:
    body = read("/ogc/collections")
    found = {one["id"]: one for one in body["collections"]}
    assert {"geo_division", "geo_road", "geo_facility", "geo_protected_area"} <= set(found)
    assert "geo_plot" not in found, "land plots are not open"
    assert "geo_name" not in found, "no geometry, no layer"
    west, south, east, north = found["geo_facility"]["extent"]["spatial"]["bbox"][0]
    assert 108 < west < east < 112 and 18 < south < north < 21
    own = read("/ogc/collections/geo_road")
    assert {"self", "items"} <= set(links(own))
    assert read("/ogc/collections/geo_plot", 404)["code"] == "NotFound"
    read("/ogc/collections/population", 404)


def test_items_are_paged_by_links_until_all_are_seen(base: None) -> None:
    seen: list[str] = []
    response = Client().get("/ogc/collections/geo_facility/items", {"limit": "40"})
    assert response["Content-Type"] == "application/geo+json"
    while True:
        body = response.json()
        assert body["type"] == "FeatureCollection"
        assert body["numberReturned"] == len(body["features"]) <= 40
        assert body["timeStamp"].endswith("Z")
        seen += [one["id"] for one in body["features"]]
        assert all(one["type"] == "Feature" and "geometry" in one for one in body["features"])
        if "next" not in links(body):
            break
        response = Client().get(links(body)["next"])
    assert len(seen) == len(set(seen)) == registers.model("geo_facility").objects.count()


def test_a_box_takes_what_touches_it_and_nothing_else(base: None) -> None:
    every = read("/ogc/collections/geo_facility/items", limit="1000")["features"]
    box = (109.5, 18.9, 110.2, 19.6)
    inside = {
        one["id"]
        for one in every
        if box[0] <= one["geometry"]["coordinates"][0] <= box[2]
        and box[1] <= one["geometry"]["coordinates"][1] <= box[3]
    }
    text = ",".join(map(str, box))
    found = {one["id"] for one in read("/ogc/collections/geo_facility/items", bbox=text, limit="1000")["features"]}
    assert found == inside != set()
    heights = f"{box[0]},{box[1]},-10,{box[2]},{box[3]},900"
    assert {
        f["id"] for f in read("/ogc/collections/geo_facility/items", bbox=heights, limit="1000")["features"]
    } == found
    assert read("/ogc/collections/geo_facility/items", bbox="170,-10,-170,10")["features"] == []
    around = read("/ogc/collections/geo_facility/items", bbox="100,10,-170,30", limit="1000")
    assert around["numberReturned"] == len(every), "a box over the antimeridian"


def test_a_box_is_tested_against_the_shape_not_its_frame(base: None) -> None:
    """A corner of the frame around a road that the road does not pass."""
    road = read("/ogc/collections/geo_road/items", limit="1")["features"][0]
    xs, ys = zip(*((c[0], c[1]) for c in road["geometry"]["coordinates"]), strict=True)
    corners = [(x, y) for x in (min(xs), max(xs)) for y in (min(ys), max(ys))]
    far = max(corners, key=lambda c: min((c[0] - x) ** 2 + (c[1] - y) ** 2 for x, y in zip(xs, ys, strict=True)))
    box = f"{far[0] - 1e-4},{far[1] - 1e-4},{far[0] + 1e-4},{far[1] + 1e-4}"
    found = read("/ogc/collections/geo_road/items", bbox=box, limit="1000")["features"]
    assert road["id"] not in [one["id"] for one in found]


def test_time_chooses_what_was_in_force(base: None) -> None:
    row = registers.model("geo_facility").objects.order_by("id").first()
    with travelled(timedelta(days=10)):
        registers.retire("geo_facility", row.id, by=None, reason="closed")
    path = "/ogc/collections/geo_facility/items"
    ids = {one["id"] for one in read(path, limit="1000")["features"]}
    assert row.id not in ids
    today, later = now().strftime("%Y-%m-%dT%H:%M:%SZ"), (now() + timedelta(days=20)).strftime("%Y-%m-%d")
    assert row.id in {one["id"] for one in read(path, limit="1000", datetime=f"{today}/..")["features"]}
    assert row.id not in {one["id"] for one in read(path, limit="1000", datetime=later)["features"]}
    assert read(path, datetime="../2000-01-01")["features"] == []


WRONG = [
    {"limit": "0"}, {"limit": "-1"}, {"limit": "ten"}, {"limit": "1.5"}, {"bbox": "1,2,3"}, {"bbox": "a,b,c,d"},
    {"bbox": "0,50,10,40"}, {"bbox": "0,0,400,10"}, {"bbox": "nan,0,1,1"}, {"datetime": "yesterday"},
    {"datetime": "../.."}, {"datetime": "2020-01-02/2020-01-01"}, {"datetime": "2020-13-01"}, {"colour": "red"},
    {"f": "html"}, {"crs": "EPSG:4326"},
]  # fmt: skip


def test_what_has_no_meaning_is_refused(base: None) -> None:
    for query in WRONG:
        assert read("/ogc/collections/geo_facility/items", 400, **query)["code"] == "InvalidParameterValue", query


def test_one_feature_and_the_filters(base: None) -> None:
    path = "/ogc/collections/geo_facility/items"
    one = read(path, kind="hospital", limit="1")["features"][0]
    assert one["properties"]["kind"] == "hospital"
    assert one["properties"]["kind_title"]
    alone = read(f"{path}/{one['id']}")
    assert {"self", "alternate", "collection"} <= set(links(alone))
    assert {k: alone[k] for k in one} == one
    assert Client().get(links(alone)["alternate"]).status_code == 200
    read(f"{path}/nothing", 404)
    assert read(path, limit="100000")["numberReturned"] == registers.model("geo_facility").objects.count()


def test_t45_the_public_role_cannot_read_a_layer_that_is_not_open(base: None) -> None:
    plot = registers.model("geo_plot").objects.first()
    assert Client().get(f"/geography/geo_plot/{plot.id}/").status_code == 404
    read(f"/ogc/collections/geo_plot/items/{plot.id}", 404)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('tongban_public', 'registers.geo_plot', 'SELECT')")
        assert cursor.fetchone() == (False,)


def test_the_map_works_without_a_program_in_the_browser(base: None) -> None:
    page = Client().get("/geography/", {"layer": ["geo_division", "geo_facility"]}).content.decode()
    assert page.count("<svg xmlns") == 1
    assert "美兰区" in page
    assert "GeoJSON" in page
    assert Client().get("/geography/", {"bbox": "1,2"}).status_code == 422
    found = Client().get("/geography/locate/", {"q": "琼山市龙塘镇"}).content.decode()
    assert "龙塘镇" in found
    assert "460107" in found
