"""Of people's numbers and telephones linking holds tokens; the numbers lie sealed, each bound to its token."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from tongban.base.kernel.api import Refused, system
from tongban.data.linkage import api
from tongban.data.linkage.models import Difference, Number, Row
from tongban.trust.keys.api import field_is_current

from .conftest import golden, insured, number, resident

pytestmark = pytest.mark.django_db
CARD, OTHER = number(), number(serial=7)


def _everything() -> str:
    """All of this room's tables as text."""
    found = []
    with system(), connection.cursor() as cursor:
        for model in apps.get_app_config("linkage").get_models():
            cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" t')
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


def test_t39_no_table_of_linking_says_a_number(town: SimpleNamespace) -> None:
    wrong, phones = CARD[:17] + "x", ("13812345678", "+86 138-7654-3210")
    api.absorb("population", "police/residents", [resident(CARD, "陈小明", CARD, 电话=phones[0])])
    lines = [insured("s1", "陈小明", f" {CARD[:6]} {CARD[6:]}", 电话=phones[1]), insured("s2", "林大海", wrong)]
    api.absorb("population", "insurance/persons", lines)
    owner = {"编号": "t1", "代码": "", "名称": "文昌龙楼小吃店", "负责人": "", "税务状态": "正常", "税号": OTHER}
    api.absorb("legal_entity", "tax/payers", [owner])
    text = _everything()
    assert not [plain for plain in (CARD, CARD[:17], OTHER, *phones, "13876543210") if plain in text]
    with system():
        assert Row.objects.get(key="s1").cluster == Row.objects.get(source__resource="police/residents").cluster
    assert golden(CARD)["phone"] in phones, "the register gets the number itself"
    assert api.changes("population")[0].number == CARD
    assert {d.item for d in Difference.objects.all()} == {"phone", "id_number"}


def test_r5_a_moved_cell_is_refused_and_a_new_key_reaches_it(town: SimpleNamespace) -> None:
    api.absorb("population", "police/residents", [resident("p1", "陈小明", CARD), resident("p2", "林大海", OTHER)])
    one, two = Number.objects.order_by("pk")
    sealed = Number._meta.get_field("value")
    cell = bytes(one.__dict__["value"])
    assert field_is_current(sealed.resealed(one, cell), "identity_number") and one.value in (CARD, OTHER)  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE linkage_number SET value = %s WHERE token = %s", [cell, two.pk])
    with pytest.raises(Refused):
        api.changes("population")
