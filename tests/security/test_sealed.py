"""Identity numbers and phones come in by every door; then the dump, the server's own files, logs and temporary files
are read as bytes, and none of them is there (security T39, T41, R5)."""

from __future__ import annotations

import io
import logging
import random
import re
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from time import time
from typing import Any

import pytest
from django.db import connection

from tests.conftest import ANSWERS, CITY, PASSWORD, Town, build_town, papers
from tongban.base.files import api as files
from tongban.base.kernel.api import identity_check, system
from tongban.data.licences import api as licences
from tongban.data.linkage import api as linkage
from tongban.data.linkage.data import Source
from tongban.data.linkage.models import Difference, Review, Row, Suspect
from tongban.engine.notify.models import Delivery
from tongban.engine.registers import api as registers
from tongban.site.home import home
from tongban.site.postgres import Server, _binaries
from tongban.trust.identity import api as identity
from tongban.work.hall import api as hall

from .conftest import Browse

_SHAPES = re.compile(rb"(?=([1-9][0-9]{16}[0-9X]|1[0-9]{10}))")


class People:
    """Numbers and phones that nobody else has."""

    def __init__(self) -> None:
        self.random = random.Random()
        self.numbers: list[str] = []
        self.phones: list[str] = []

    def number(self) -> str:
        born = date(1930, 1, 1) + timedelta(self.random.randrange(12_000))
        first = f"460105{born:%Y%m%d}{self.random.randrange(1000):03}"
        self.numbers.append(first + identity_check(first))
        return self.numbers[-1]

    def phone(self) -> str:
        self.phones.append(f"1{self.random.choice('35789')}{self.random.randrange(10**9):09}")
        return self.phones[-1]

    def found_in(self, content: bytes) -> set[bytes]:
        """Which of them stand in these bytes, written in one or with spaces or hyphens between."""
        planted = {text.encode() for text in (*self.numbers, *self.phones)}
        runs = {match[1] for match in _SHAPES.finditer(content)}
        joined = {match[1] for match in _SHAPES.finditer(content.translate(None, b" -"))}
        return planted & {part for run in runs | joined for part in (run, run[:11])}


def test_the_search_itself_finds() -> None:
    people = People()
    number, phone = people.number(), people.phone()
    for text in (number, phone, f"00{number}9", f"tel:{phone[:3]} {phone[3:7]}-{phone[7:]}."):
        assert people.found_in(b"\0\xff" + text.encode() + b"\0"), text
    assert not people.found_in(b"no number")


@pytest.mark.django_db(transaction=True)
def test_t39_planted_identifiers_are_found_nowhere(
    browse: Browse,
    run_jobs: Any,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    people, began, town = People(), time(), build_town()
    _delivery(people)
    with system():
        _licence(people, town)
    _extracts(people, town)
    upload = _upload(people, town)
    pages = [_account(people, browse), *_application(people, town, browse), *_window(people, town, browse)]
    run_jobs()
    assert len(people.numbers) > 1000 and len(people.phones) > 1000
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM registers.population")
        assert cursor.fetchone()[0] >= 1300  # they are there
        cursor.execute("CHECKPOINT")
    searched = 0
    for name, content in [*_dump(), *_files(began, tmp_path), ("log", caplog.text.encode()), *enumerate(pages)]:
        found = people.found_in(content)
        places = [content[max(content.find(one) - 200, 0) : content.find(one) + 40] for one in found]
        assert not found, (name, places)
        searched += len(content)
    assert searched > 1_000_000
    with files.open_released(upload) as stream:
        assert len(people.found_in(stream.read())) == 2  # it holds them all the same


def _delivery(people: People) -> None:
    """A thousand residents in bulk; some of them again, with another phone, so that there is history."""
    columns = ["id_number", "name", "status", "phone"]
    rows = [(people.number(), "示例", "normal", people.phone()) for _one in range(1000)]
    with system():
        assert registers.bulk("population", columns, rows, source="police").refused == 0
        again = [(number, name, status, people.phone()) for number, name, status, _phone in rows[:50]]
        assert registers.bulk("population", columns, again, source="police").updated == 50
        wrong = people.number()[:17] + "x"
        report = registers.bulk("population", columns, [(wrong, "错误", "normal", people.phone())], source="police")
    assert report.refused == 1 and wrong not in str(report)
    people.numbers.append(wrong)


def _extracts(people: People, town: Town) -> None:
    """Two offices' lists are linked: keys that are numbers, numbers that cannot be read, differences, a question, a row
    that is withdrawn; and a trader whom the tax office knows by the own number."""
    tax = town.office("tax")
    items = {"身份证号": "id_number", "姓名": "name", "手机": "phone", "住址": "address", "状态": "status"}
    for role in ("public_security", "social_security"):
        linkage.define_source(Source("population", role, role, tax, role, "身份证号", items))
    lines = [
        {"身份证号": people.number(), "姓名": "链接甲", "手机": people.phone(), "住址": "海口市", "状态": "正常"}
        for _one in range(300)
    ]
    linkage.absorb("population", "public_security", lines)
    others = [line | {"手机": people.phone(), "cd_operation": "I"} for line in lines[:50]]
    others[0]["姓名"], others[1]["身份证号"] = "欧阳修远", people.number()[:17] + "x"
    people.numbers.append(others[1]["身份证号"])
    linkage.absorb("population", "social_security", others)
    linkage.absorb("population", "social_security", [others[2] | {"cd_operation": "D"}], whole=False)
    firm = {
        "税号": "registration_number",
        "名称": "name",
        "经营者": "representative",
        "经营者证件": "representative_id",
    }
    linkage.define_source(Source("legal_entity", "traders", "traders", tax, "social_security", "税号", firm))
    number = people.number()
    trader = {"税号": number, "名称": "链接小吃店", "经营者": "链接乙", "经营者证件": number}
    linkage.absorb("legal_entity", "traders", [trader])
    linkage.find()
    with system():
        assert Row.objects.count() == 351 and Review.objects.filter(why="one_number").count() == 1
        assert Difference.objects.filter(item="phone").count() >= 47
        assert Suspect.objects.get().number.startswith("#")
    assert linkage.changes("population", limit=1)[0].number in people.numbers


def _licence(people: People, town: Town) -> None:
    number = people.number()
    face = {"姓名": "示例", "公民身份号码": number, "电话": people.phone()}
    office = town.office("civil_affairs")
    made = licences.issue("elder_card", town.second.person, "示例", number, face, office, number=number)
    assert licences.verify(number).identifier == made.identifier


def _upload(people: People, town: Town) -> str:
    """A text file that holds a number and a phone."""
    content = f"申请人证件号码：{people.number()}\n联系电话：{people.phone()}\n".encode() * 20
    before = set((home() / "files").rglob("*"))
    file = files.receive(io.BytesIO(content), "说明.txt", files.Slot(("txt",)), town.founder.person)
    made = [path for path in set((home() / "files").rglob("*")) - before if path.is_file()]
    assert [path.stat().st_size for path in made] == [len(content) + 16]
    return file.id


def _account(people: People, browse: Browse) -> bytes:
    """Somebody the register knows opens an account by phone, number and password, and signs in by number."""
    number, phone = people.number(), people.phone()
    values = {"id_number": number, "name": "示例新", "status": "normal", "phone": phone}
    with system():
        registers.write("population", values, by=None, reason="建库", source="police")
    client = browse("public")
    client.post("/account/register/", {"phone": phone})
    with system():
        letter = Delivery.objects.order_by("-created_at")[0]
        assert letter.address == phone
        code = re.search(r"\d{6}", letter.text)
    assert code
    client.post("/account/register/code/", {"code": code[0]})
    details = {"name": "示例新", "id_number": number, "password": PASSWORD, "again": PASSWORD}
    assert client.post("/account/register/details/", details).status_code == 302
    other = browse("public")
    other.post("/account/sign-in/", {"login": number, "password": "wrong-Word-1"})
    assert other.post("/account/sign-in/", {"login": number, "password": PASSWORD}).status_code == 302
    return bytes(client.get("/nowhere/").content + client.get("/staff/").content)


def _application(people: People, town: Town, browse: Browse) -> Iterator[bytes]:
    """A draft over HTTP; an application with several people's numbers, opened by somebody it is no business of."""
    draft = hall.open_draft(town.second, "elder_card")
    page = f"/drafts/{draft.public_id}/person/"
    typed = {"holder_name": "示例", "id_number": people.number(), "birth": "1949-12-31", "division": CITY}
    typed |= {"residence": "registered", "phone": people.phone()}
    assert browse("public", town.second).post(page, typed).status_code == 302
    draft.refresh_from_db()
    assert draft.answers["phone"] == typed["phone"]
    partner = {"holder": "示例", "id_number": people.number(), "amount": "1000000"}
    answers = {**ANSWERS, "name": "海口密封贸易有限公司", "representative_id": people.number(), "phone": people.phone()}
    applicant = hall.applicant_of(town.second)
    answers |= {"shareholders": [partner]}
    done = hall.submit(town.second, "enterprise_registration", applicant, answers, papers(town.second), nonce="sealed")
    yield bytes(browse("staff", town.stranger).get(f"/cases/{done.case.id}/").content)


def _window(people: People, town: Town, browse: Browse) -> Iterator[bytes]:
    """A visitor without account at a window."""
    clerk = browse("staff", town.clerk)
    visitor = {
        "name": "示例访",
        "id_number": people.number(),
        "phone": people.phone(),
        "item": "enterprise_registration",
    }
    assert clerk.post("/counter/", visitor).status_code == 302
    found = identity.person_by_id_number(visitor["id_number"])
    assert found and found.phone == visitor["phone"]
    yield bytes(clerk.get("/inbox/").content)


def _dump() -> Iterator[tuple[str, bytes]]:
    """The whole database, as a backup has it."""
    address = Server().url(database=str(connection.settings_dict["NAME"]))
    done = subprocess.run([_binaries() / "pg_dump", "--dbname", address], capture_output=True, check=True, timeout=120)
    assert b"identity_person" in done.stdout
    yield "pg_dump", done.stdout


def _files(began: float, temporary: Path) -> Iterator[tuple[str, bytes]]:
    """What the server wrote since: tables and indexes, log of changes, its own log, temporary files; and ours."""
    server = Server()
    for folder in (server.folder, temporary, home() / "files", home() / "log"):
        for path in folder.rglob("*"):
            if path.is_file() and path.stat().st_mtime >= began - 1:
                yield str(path), path.read_bytes()
