"""G9: the catalogue. Create an entry that is given in three ways, with its code, edition and ledger leaf; list 20 of 20,000.

Ours: through the room's front door, in process, one client, each entry committed. Limit: the same rows by hand-written SQL.
The goals are four times CKAN's 61 entries and twice its 279 lists a second, taken to the limits of the machine on which
those were measured (2,259 committed inserts and 2,500 such lists a second): a ratio holds where a number does not.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from .installation import installation
from .measure import Result, say

ENTRIES, LISTS, ROUNDS, FILLED = 200, 200, 5, 20_000
CREATE, LIST = 244 / 2259, 558 / 2500


def main() -> int:
    with installation():
        from django.db import connection, transaction

        from tongban.data.catalogue import api
        from tongban.site.database import connect_owner

        actor, office = _editor()
        one = _description(office.code)
        with transaction.atomic():
            made = api.compile(actor, one)
        with connect_owner() as owner:
            owner.execute(FILL, {"n": FILLED})
            owner.execute("VACUUM ANALYZE catalogue_resource")
            owner.execute(TABLES)

        def create(_i: int) -> None:
            api.compile(actor, one)

        def listed(_i: int) -> None:
            assert len(api.resources(size=20)) == 20

        content = json.dumps(_content(connection, made.id))
        bare, bare_list = _raw(connection, transaction, office.ref.id, content), _raw_list(connection)
        for each in (create, bare, listed, bare_list):
            each(0)  # warm
        result = Result("g9", "entries/s", f"create >= {CREATE:.3f}, list of 20 >= {LIST:.3f} of hand-written SQL")
        lists: list[float] = []
        result.floor = {"list by SQL": []}
        for number in range(ROUNDS):
            result.ours.append(_rate(create, ENTRIES))
            result.limit.append(_rate(bare, ENTRIES))
            lists.append(_rate(listed, LISTS))
            result.floor["list by SQL"].append(_rate(bare_list, LISTS))
            say(
                f"g9 round {number + 1}: {result.ours[-1]:.0f} of {result.limit[-1]:.0f} entries/s, {lists[-1]:.0f} lists/s"
            )
        shares = [a / b for a, b in zip(lists, result.floor["list by SQL"], strict=True)]
        share = statistics.median(shares)
        result.extra = {"lists/s": round(statistics.median(lists), 1), "list ratio": round(share, 4), "entries": FILLED}
        return 0 if result.finish(lambda ratio, _floor: ratio >= CREATE and share >= LIST) else 1


def _rate(work: Callable[[int], None], times: int) -> float:
    start = time.perf_counter()
    for i in range(times):
        work(i)
    return times / (time.perf_counter() - start)


def _editor() -> tuple[Any, Any]:
    """Somebody who describes the resources of their office."""
    from tongban.base.kernel.api import system
    from tongban.trust.identity import api as identity

    with system():
        clerk = identity.person_by_username("clerk")
        office = identity.office(identity.posts_of(clerk.ref)[0].office)
        identity.define_role("bench_editor", "编目人员", ["catalogue.read", "catalogue.edit"])
        identity.assign_post(clerk.ref, office.ref, "编目人员", ["bench_editor"], concurrent=True)
    return identity.actor_for(clerk.ref), office


def _description(office: str) -> Any:
    from tongban.data.catalogue.data import Category, Cycle, DataType, Description, Item, Mode

    items = tuple(Item(f"item_{i}", f"信息项{i}", DataType.TEXT, length=100) for i in range(10))
    return Description(
        title="企业登记信息",
        summary="在本地登记的企业及其登记事项。",
        provider=office,
        category=Category.DEPARTMENT,
        project="07",
        subject="003",
        items=items,
        cycle=Cycle.DAILY,
        modes=(Mode.BATCH, Mode.QUERY, Mode.FILE),
        system="企业登记系统",
        owner="登记注册处处长",
        operator="信息中心运行科",
    )


def _content(connection: Any, id: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT content::text FROM catalogue_resource WHERE public_id = %s", [id])
        return json.loads(cursor.fetchone()[0])


FILL = """
INSERT INTO catalogue_resource (public_id, code, state, edition, provider, provider_title, provider_uscc, category,
    sharing, openness, level, zone, cycle, register, title, words, content, standard, published_at, updated_at)
SELECT substr(md5(i::text), 1, 26), '399001/' || lpad(i::text, 6, '0'), 'published', 1, r.provider, r.provider_title, '', '3', 'unconditional',
    'closed', 'internal', 'outer', 'daily', '', r.title || i, r.title || i, r.content, true, now(), now()
FROM generate_series(1, %(n)s) i, catalogue_resource r
"""
TABLES = """
CREATE TABLE raw_resource (LIKE catalogue_resource INCLUDING ALL);
CREATE TABLE raw_edition (LIKE catalogue_edition INCLUDING ALL);
CREATE TABLE raw_leaf (id bigserial PRIMARY KEY, at timestamptz, kind text, subject text, facts jsonb);
CREATE SEQUENCE raw_code;
GRANT ALL ON raw_resource, raw_edition, raw_leaf, raw_leaf_id_seq, raw_code TO tongban_app;
"""
RAW = """
WITH r AS (
    INSERT INTO raw_resource (id, public_id, code, state, edition, provider, provider_title, provider_uscc, category,
        sharing, openness, level, zone, cycle, register, title, words, content, standard, updated_at)
    SELECT n, substr(md5(n::text), 1, 26), '307003/' || n, 'draft', 0, %(office)s, '示范局', '', '3', 'unconditional', 'closed', 'internal',
        'outer', 'daily', '', '企业登记信息', '企业登记信息', %(content)s::jsonb, false, now()
    FROM nextval('raw_code') n RETURNING id, public_id, content),
e AS (
    INSERT INTO raw_edition (id, resource_id, number, state, revision, content, editors, reviewers, opinion, secrecy_opinion,
        filing_number, updated_at)
    SELECT id, id, 1, 'draft', 1, content, '{clerk}', '{}', '', '', '', now() FROM r)
INSERT INTO raw_leaf (at, kind, subject, facts) SELECT now(), 'catalogue.resource.compiled', public_id, '{}' FROM r
"""


def _raw(connection: Any, transaction: Any, office: str, content: str) -> Callable[[int], None]:
    def create(_i: int) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(RAW, {"office": office, "content": content})

    return create


def _raw_list(connection: Any) -> Callable[[int], None]:
    def listed(_i: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM catalogue_resource WHERE state = 'published' ORDER BY id DESC LIMIT 21")
            cursor.fetchall()

    return listed


if __name__ == "__main__":
    sys.exit(main())
