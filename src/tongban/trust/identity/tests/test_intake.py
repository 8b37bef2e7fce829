"""Lists of a personnel office: joiners, movers, leavers."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest
from openpyxl import Workbook

from tongban.base.ledger.api import history
from tongban.trust.identity import api, models
from tongban.trust.identity.authority import requests

pytestmark = pytest.mark.django_db

LIST = """账号,姓名,手机号,机构代码,职务,角色,变动
wu.xr,吴新人,13800000066,460105/commerce,科员,clerk,
clerk,,,460105,综合科科员,,调动
stranger,,,,,,离职
,无名,,460105,,,
zhao,赵四,123,460105,,,
qian,钱五,,没有的局,,,
sun,孙六,13800000067,460105,,no-such,
"""


def test_joiners_movers_and_leavers(people: SimpleNamespace) -> None:
    report = api.import_people(LIST.encode("gb18030"), by=people.administrator.ref)
    assert (report.rows, report.accepted, report.refused, report.warned) == (7, 3, 4, 1)
    assert (report.joined, report.moved, report.left) == (1, 1, 1)
    assert {(f.row, f.field) for f in report.findings if f.level == "error"} == {
        (5, "username"), (6, "phone"), (7, "office"), (8, "roles"),
    }  # fmt: skip
    new = api.person_by_username("wu.xr")
    (post,) = api.posts_of(new.ref)
    assert (post.office, post.roles) == (people.county.ref, ())  # the role waits for a security administrator
    assert [row.state for row in requests.requests_of(new.ref)] == ["asked"]
    assert [post.office_title for post in api.posts_of(people.clerk.ref)] == ["秀英区人民政府"]
    assert not api.person(people.stranger.ref).active
    assert "identity.person.disabled" in [leaf.kind for leaf in history(people.stranger.ref)]
    assert not models.Person.objects.filter(username__in=["zhao", "qian", "sun"]).exists()
    again = api.import_people(LIST.encode(), by=people.administrator.ref)
    assert (again.joined, again.moved, again.left, again.unchanged) == (0, 0, 0, 3)


def test_a_dry_run_says_the_same_and_changes_nothing(people: SimpleNamespace) -> None:
    before = (models.Person.objects.count(), models.Post.objects.count(), models.RightsRequest.objects.count())
    report = api.import_people(LIST.encode(), dry_run=True)
    assert (report.accepted, report.refused, report.joined, report.moved, report.left) == (3, 4, 1, 1, 1)
    assert (
        models.Person.objects.count(), models.Post.objects.count(), models.RightsRequest.objects.count()
    ) == before  # fmt: skip
    assert api.person(people.stranger.ref).active


def test_a_workbook_is_read(people: SimpleNamespace) -> None:
    book, file = Workbook(), io.BytesIO()
    for row in (["人员名单"], ["username", "name", "phone", "office"], ["wu", "吴一", 13800000061.0, "460105"]):
        book.active.append(row)
    book.save(file)
    assert api.import_people(file.getvalue()).joined == 1
    assert api.person_by_username("wu").phone == "13800000061"


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"PK\x03\x04broken", b"\xff\xfe\x00\x01\xff"])
def test_what_is_no_list_is_said(people: SimpleNamespace, content: bytes) -> None:
    report = api.import_people(content)
    assert not report.readable and report.findings
