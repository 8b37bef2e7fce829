"""The parts of the demonstration, each played by an invented resident with an account of its own.

Passwords are made for each installation and kept in `demo-accounts.json` of its state folder, readable by its owner
only; no password is in the repository.
"""

from __future__ import annotations

import csv
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from tongban.base.kernel.api import NotFound, today
from tongban.data.licences import api as licences
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Level, Person

from .persons import Columns

Account = dict[str, str]


def accounts_file() -> Path:
    """Where the passwords of this installation's demo accounts are."""
    return Path(settings.TONGBAN_HOME) / "demo-accounts.json"


def create_accounts(region: Path, residents: Columns) -> dict[str, Account]:
    """An account for every part of `people.csv`; those that exist stay as they are. Part -> account."""
    path = accounts_file()
    known: dict[str, Account] = json.loads(path.read_text()) if path.exists() else {}
    with (region / "people.csv").open(encoding="utf-8") as lines:
        parts = list(csv.DictReader(lines))
    taken: set[int] = set()
    found: dict[str, Account] = {}
    people: dict[str, Person] = {}
    for part in parts:
        row = _resident(residents, part, taken)
        password = known.get(part["part"], {}).get("password") or _password()
        person = _existing(part["username"]) or _create(part, residents, row, password)
        people[part["part"]] = person
        found[part["part"]] = {
            "username": part["username"],
            "password": password,
            "name": person.name,
            "title": part["title_zh"],
            "title_en": part["title_en"],
        }
    # The passwords are on disk before anything can refer to these accounts.
    _keep(path, found)
    _place(parts, people)
    return found


def _password() -> str:
    """Four groups that can be typed without a mistake: no l, o, 0, 1."""
    return "-".join("".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(4)) for _ in range(4))


def _keep(path: Path, found: Mapping[str, Account]) -> None:
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.chmod(0o600)
    fresh.write_text(json.dumps(found, ensure_ascii=False, indent=1))
    fresh.replace(path)


def _resident(residents: Columns, part: Mapping[str, str], taken: set[int]) -> int:
    """The first resident of the part's district who is of working age (or old, for the elder) and free."""
    last = today().year
    youngest, oldest = (62, 80) if part["part"] == "elder" else (26, 55)
    for row, division in enumerate(residents["address_division"]):
        age = last - residents["birth_date"][row].year
        if row not in taken and division.startswith(part["division"]) and youngest <= age <= oldest:
            taken.add(row)
            return row
    raise NotFound(f"no resident can play the part {part['part']!r}; generate more residents")


def _existing(username: str) -> Person | None:
    try:
        return identity.person_by_username(username)
    except NotFound:
        return None


def _create(part: Mapping[str, str], residents: Columns, row: int, password: str) -> Person:
    name, number, phone = (residents[column][row] for column in ("name", "id_number", "phone"))
    if part["kind"] == "staff":
        return identity.create_staff(
            part["username"], name, password=password, phone=phone, id_number=number, second_factor=False
        )
    return identity.create_citizen(
        name,
        id_number=number,
        phone=phone,
        password=password,
        username=part["username"],
        level=Level.REAL_NAME,
    )


def _place(parts: Sequence[Mapping[str, str]], people: Mapping[str, Person]) -> None:
    """Posts of the staff; the clerk stands in for the colleague who is away."""
    day = today()
    for part in parts:
        person = people[part["part"]]
        if not part["office"] or identity.posts_of(person.ref):
            continue
        office = identity.office_by_code(part["office"])
        identity.assign_post(
            person.ref, office.ref, part["post"], part["roles"].split(), valid_from=day - timedelta(days=200)
        )
    if "absent" in people and "clerk" in people:
        away: Any = identity.posts_of(people["absent"].ref)[0]
        held = identity.posts_of(people["clerk"].ref)
        if not any(post.acting_for == away.ref for post in held):
            identity.assign_post(
                people["clerk"].ref,
                away.office,
                away.title,
                away.roles,
                until=day + timedelta(days=90),
                acting_for=away.ref,
            )


def citizens(region: Path) -> list[Person]:
    """The accounts of those who apply."""
    with (region / "people.csv").open(encoding="utf-8") as lines:
        parts = [part for part in csv.DictReader(lines) if part["kind"] == "citizen"]
    return [identity.person_by_username(part["username"]) for part in parts]


def issue_identity_card(person: Person) -> str:
    """An identity card in the licence library, once; its identifier."""
    held = [one for one in licences.of_holder(person.ref) if one.type == "identity_card"]
    if held:
        return held[0].identifier
    police = identity.office_by_role("police", person.id_number[:6])
    face = {"姓名": person.name, "公民身份号码": person.id_number, "签发机关": police.title}
    card = licences.issue("identity_card", person.ref, person.name, person.id_number, face, police.ref)
    return card.identifier
