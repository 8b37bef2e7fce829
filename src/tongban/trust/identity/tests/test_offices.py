"""Loading and finding offices."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tongban.base.kernel.api import NotFound, Refused, today, travelled
from tongban.base.ledger.api import history
from tongban.trust.identity import api, models
from tongban.trust.identity.data import OfficeKind, OfficeRow

from .conftest import ROWS

pytestmark = pytest.mark.django_db


def test_load_is_idempotent_and_builds_paths(province: None) -> None:
    again = api.load_offices(ROWS)
    assert (again.added, again.changed, again.unchanged) == (0, 0, len(ROWS))
    village, city = api.office_by_code("460105100201"), api.office_by_code("4601")
    assert village.path.startswith(city.path)
    assert [o.code for o in api.offices_under(api.office_by_code("460105"))] == [
        "460105",
        "460105/commerce",
        "460105100",
        "460105100201",
    ]


def test_load_of_a_whole_province_is_set_based(django_assert_max_num_queries: object) -> None:
    rows = [OfficeRow("46", "省", OfficeKind.PROVINCE, "46")]
    for county in range(27):
        code = f"4601{county:02d}"
        rows.append(OfficeRow(code, f"县{county}", OfficeKind.COUNTY, code, "46"))
        for town in range(9):
            township = f"{code}{town:03d}"
            rows.append(OfficeRow(township, f"镇{town}", OfficeKind.TOWNSHIP, township, code))
            rows += [
                OfficeRow(f"{township}{n:03d}", f"村{n}", OfficeKind.VILLAGE, f"{township}{n:03d}", township)
                for n in range(14)
            ]
    with django_assert_max_num_queries(20):
        assert api.load_offices(rows).added == len(rows) == 3673
    assert len(api.offices_under(api.office_by_code("460100"))) == 1 + 9 * 15


def test_load_refuses_unknown_parents_whole(province: None) -> None:
    count = models.Office.objects.count()
    with pytest.raises(Refused, match="999999"):
        api.load_offices(
            [
                OfficeRow("470000", "甲", OfficeKind.PROVINCE, "47"),
                OfficeRow("999999", "乙", OfficeKind.COUNTY, "999999", "none"),
            ]
        )
    assert models.Office.objects.count() == count


def test_nfr08_names_keep_their_dates(province: None) -> None:
    office = api.office_by_code("460105/commerce")
    before = today()
    with travelled(timedelta(days=30)):
        api.load_offices([OfficeRow(office.code, "秀英区商务局", office.kind, "460105", "460105")])
        api.rename_office(office.ref, "秀英区经济发展局")
    assert api.office(office.ref).title == "秀英区经济发展局"
    assert [n.title for n in api.office_names(office.ref, on=before)] == ["秀英区市场监督管理局"]
    assert [o.ref for o in api.find_offices("秀英区市场监督")] == [office.ref]
    assert sum(leaf.kind == "identity.office.renamed" for leaf in history(office.ref)) == 2


@pytest.mark.parametrize(
    ("division", "code"),
    [
        ("460105100201", "460105/commerce"),
        ("460105", "460105/commerce"),
        ("460107", "46/commerce"),
        ("46", "46/commerce"),
    ],
)
def test_role_resolves_up_the_divisions(province: None, division: str, code: str) -> None:
    assert api.office_by_role("commerce", division).code == code


def test_role_nobody_plays_is_not_found(province: None) -> None:
    assert api.office_by_role("tax", "460105").code == "4601/tax"
    with pytest.raises(NotFound):
        api.office_by_role("tax", "460200")


def test_role_passes_from_office_to_office(province: None) -> None:
    taker = api.office_by_code("460105")
    api.play_role(taker.ref, "commerce", "460105")
    assert api.office_by_role("commerce", "460105").ref == taker.ref
    api.end_office_role(taker.ref, "commerce", "460105")
    assert api.office_by_role("commerce", "460105").code == "46/commerce"
