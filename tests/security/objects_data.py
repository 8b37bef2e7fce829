"""One real object of each kind the data centre keeps, for addresses; and a neighbour who has others' rights there."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from tests.conftest import Town
from tongban.base.files import api as files
from tongban.base.kernel.api import identity_check, new_id, now, system, today
from tongban.data.catalogue import api as catalogue
from tongban.data.catalogue.data import Category, Description, Item, Level, Mode, Openness, Resource, Sharing, Wish
from tongban.data.economy import api as economy
from tongban.data.economy.data import Audience, Content, Figure
from tongban.data.economy.data import Delivery as Figures
from tongban.data.exchange import api as exchange
from tongban.data.exchange import models as exchanged
from tongban.data.ferry import models as ferried
from tongban.data.geography import api as geography
from tongban.data.laws import api as laws
from tongban.data.linkage import api as linkage
from tongban.data.linkage import models as linked
from tongban.data.linkage.data import Source
from tongban.data.results import api as results
from tongban.data.results.data import Kind
from tongban.engine.registers import api as registers
from tongban.packs.data import SAMPLE_PDF
from tongban.trust.alarms.models import Alarm
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor, Reach

# What officers of every office may have: the neighbour has all of it in an office that none of these objects concerns.
OFFICERS = (
    "catalogue.read", "catalogue.edit", "catalogue.review", "catalogue.request", "catalogue.decide", "exchange.ask",
    "linkage.differences",
)  # fmt: skip
LAW = """# 中华人民共和国示范法

{day} 第十三届全国人民代表大会常务委员会第九次会议通过

<!-- INFO END -->

第一条 为了{aim}，制定本法。

第二条 本法自2021年1月1日起施行。
"""
TAXPAYERS = Description(
    title="纳税人登记信息",
    summary="在本市登记的纳税人。",
    provider="haikou-tax",
    category=Category.DEPARTMENT,
    project="07",
    subject="003",
    items=(Item("uscc", "统一社会信用代码"), Item("name", "名称")),
    sharing=Sharing.UNCONDITIONAL,
    system="税收征管系统",
    owner="征收管理科科长",
    operator="信息中心",
)
HALLS = replace(
    TAXPAYERS, title="办税服务厅", items=(Item("code", "编号"), Item("name", "名称")), register="geo_facility",
    openness=Openness.OPEN, level=Level.PUBLIC,
)  # fmt: skip


def shared_objects(town: Town, manager: Actor, folder: Path) -> dict[str, str]:
    """What stands for which name in an address of the data centre."""
    town.stranger = _neighbour(town)
    people = [_officer(town, f"data{n}") for n in range(4)]
    return {
        **_catalogue(town, people),
        **_exchange(town, manager),
        **_linkage(town),
        **_open_bases(folder),
        **_waiting(manager),
    }


def _neighbour(town: Town) -> Actor:
    identity.define_role("test_neighbour", "数据专员", OFFICERS, reach=Reach.OWN)
    post = town.stranger.posts[0]
    identity.assign_post(town.stranger.person, post.office, "数据专员", ["test_neighbour"])
    return identity.actor_for(town.stranger.person)


def _officer(town: Town, username: str) -> Actor:
    rights = [key for key, _title in identity.permissions.items() if key.startswith("catalogue.")]
    identity.define_role("test_data", "大数据管理", rights, reach=Reach.SUBTREE)
    person = identity.create_staff(username, username, second_factor=False)
    identity.assign_post(person.ref, identity.office_by_code("province").ref, username, ["test_data"])
    return identity.actor_for(person.ref)


def _published(people: list[Actor], description: Description) -> Resource:
    editor, chief, secrecy, authority = people
    one = catalogue.compile(editor, description)
    edition = catalogue.submit(editor, one.id, 1)
    edition = catalogue.review(chief, one.id, True, "", edition.revision)
    edition = catalogue.clear_secrecy(secrecy, one.id, True, "不涉密", "密审〔2026〕1号", edition.revision)
    edition = catalogue.review(authority, one.id, True, "", edition.revision)
    return catalogue.publish(authority, one.id, edition.revision)


def _catalogue(town: Town, people: list[Actor]) -> dict[str, str]:
    """A draft, a granted request, an objection with its evidence; all between the tax and the commerce office."""
    commerce = town.office("commerce")
    draft = catalogue.compile(people[0], replace(TAXPAYERS, title="纳税信用信息", subject="004"))
    resource = _published(people, TAXPAYERS)
    wish = Wish(
        resource=resource.id, office=commerce, items=("uscc", "name"), basis="《税收征收管理法》第六条",
        purpose="核对已登记未办税的企业", system="登记系统", mode=Mode.QUERY, frequency="每日",
        until=today() + timedelta(days=90),
    )  # fmt: skip
    asked = catalogue.request(people[0], wish)
    evidence = (io.BytesIO(SAMPLE_PDF), "证明.pdf")
    doubt = catalogue.object_to(
        people[0], resource.id, commerce, "name", "91350100M000100Y43", "甲", "乙", "执照不同", evidence
    )
    public = _published(people, replace(HALLS, subject="005"))
    return {
        "catalogue id_": draft.id,
        "requests id_": asked.id,
        "catalogue grants id_": asked.grant,
        "objections id_": doubt.id,
        "evidence file": files.files_of(doubt.ref)[0].id,
        "grant_id": asked.grant,
        "data code": public.code.replace("/", "-", 1),
        "resources code": public.code.replace("/", "-", 1),
        "data form": "csv",
        "open form": "ttl",
    }


def _exchange(town: Town, manager: Actor) -> dict[str, str]:
    """The tax office's node, a batch of its that had a wrong row, and the manager's question."""
    node, _file = exchange.invite(manager, "tax", "haikou-tax", level="city", division="460100")
    facts = {"message": new_id(), "resource": "307/1", "sender": node, "at": now(), "rows": 1, "accepted": True}
    delivery = exchanged.Delivery.objects.create(**facts, quarantined=1)
    row = exchanged.Quarantined.objects.create(
        delivery=delivery, number=1, values={"name": "测试甲"}, findings={"name": "length"}, at=now()
    )
    question = exchanged.Ask.objects.create(
        grant=new_id(), resource="307/1", mode=Mode.QUERY, purpose="税务登记第7号", by=str(town.clerk.person), at=now()
    )
    return {"nodes key": node.key, "row_id": row.id, "ask_id": question.id}


def _linkage(town: Town) -> dict[str, str]:
    """Two of the tax office's rows that may be one person, a difference list, a suspect of tax governance."""
    tax = town.office("tax")
    items = {"姓名": "name", "身份证号": "id_number", "住址": "address", "出生日期": "birth_date", "状态": "status"}
    linkage.define_source(Source("population", "tax/persons", "自然人纳税人", tax, "tax", "编号", items))
    same = {"姓名": "测试丁", "住址": "海口市人民路1号", "出生日期": "1990-03-07", "状态": "正常"}
    firsts = ("46010519900307001", "46010519900307007")
    lines = [same | {"编号": f"p{first}", "身份证号": first + identity_check(first)} for first in firsts]
    with system():
        linkage.absorb("population", "tax/persons", lines)
        review, golden = linked.Review.objects.get(), registers.find("population", id_number=lines[0]["身份证号"])
        delivery = linked.Delivery.objects.get()
    suspect = linked.Suspect.objects.create(
        public_id=new_id(), rule="untaxed", number="91350100M000100Y43", name="测试丁商行", state="handed",
        found_at=now(), handed_at=now(),
    )  # fmt: skip
    assert golden, delivery.counts
    return {
        "deliveries id": delivery.public_id,
        "differences id": delivery.source.public_id,
        "review id": review.public_id,
        "registries key": "population",
        "registries id": golden.id,
        "tax-governance id": suspect.public_id,
    }


def _open_bases(folder: Path) -> dict[str, str]:
    """What everybody may read: a law with two texts, a figure, a place, a published result."""
    for day, aim in (("2020年6月1日", "示范"), ("2022年6月1日", "更好地示范")):
        name = f"示范法({day[:4]}-06-01).md"
        (folder / name).write_text(LAW.format(day=day, aim=aim), "utf-8")
    indicator = {"code": "gdp", "title": "地区生产总值", "unit": "亿元", "frequency": "year", "topic": "accounts"}
    figure = Figure("gdp", "460000", "海南省", "2024", Decimal("7935.69"), "final")
    hall = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [110.33, 20.03]},
        "properties": {"code": "H1", "name": "海口政务服务中心", "kind": "service_hall"},
    }
    decision = {
        "document_number": "示许〔2026〕1号", "document_title": "准予许可决定书", "party_kind": "legal_entity",
        "party": "海口公示贸易有限公司", "party_code": "91350100M000100Y43", "kind": "general", "content": "食品经营",
        "outcome": "approved", "decided": date(2026, 10, 9), "office": "海口市市场监督管理局",
    }  # fmt: skip
    with system():
        laws.import_folder(folder)
        economy.define_indicators([indicator | {"office": "海南省统计局"}])
        economy.import_published(Figures((figure,), (), 1), source="statistics")
        geography.import_features("geo_facility", {"type": "FeatureCollection", "features": [hall]})
        results.record(Kind.APPROVAL, decision, by=None, source="hall")
        place = registers.find("geo_facility", code="H1")
    (published,) = (one for one in results.published() if one.number == decision["document_number"])
    assert place
    return {
        "laws name": "中华人民共和国示范法",
        "economy area": "460000",
        "economy code": "gdp",
        "economy format": "json",
        "geography key": "geo_facility",
        "geography id": place.id,
        "collections key": "geo_facility",
        "items id": place.id,
        "results id": published.id,
    }


def _waiting(manager: Actor) -> dict[str, str]:
    """What waits for somebody: a release of figures, a report, a bundle for another zone, an alarm."""
    release = economy.prepare(
        manager, "三季度数据", Figures((Figure("gdp", "460000", "海南省", "2025", Decimal(8000), "first"),), (), 1),
        now() + timedelta(days=9),
    )  # fmt: skip
    report = economy.write_report(
        manager, Content("三季度形势判断", "judgement", "accounts", "2025", Audience.INTERNAL, "总体平稳。", "正文。")
    )
    economy.hand_in_report(manager, report.id)
    channel = ferried.Channel.objects.create(
        key="to-inner", title="外网至内网", from_zone="outer", to_zone="inner", outgoing=True
    )
    bundle = ferried.Bundle.objects.create(channel=channel, label="internal", reason="领导辅助决策", at=now())
    alarm = Alarm.objects.create(rule="guessing", subject="identity.person:x", count=20, first=now(), last=now())
    return {
        "releases id": release.id,
        "reports id": report.id,
        "channels key": channel.key,
        "own kind": "encryption",
        "ferry id": bundle.id,
        "security id": alarm.id,
    }
