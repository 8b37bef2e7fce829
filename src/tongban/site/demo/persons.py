"""Invented residents: households with coherent ages and names, identity numbers that check, marked `demo`.

Everything is drawn with one seed, so the same call gives the same people on every machine. No real person's
data goes in; the mobile numbers lie in the 154 range, which no carrier has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import names
from .digits import Bytes, identity_checks, put_number, texts
from .places import Villages, villages

SEED = 46
AS_OF = date(2026, 1, 1)
MARK = "demo"

Columns = dict[str, list[Any]]
Ints = NDArray[np.int64]
Objects = NDArray[np.object_]

HEAD, SPOUSE, CHILD, PARENT = range(4)
_SIZES = np.cumsum((0.20, 0.24, 0.25, 0.18, 0.09, 0.04))
_ROADS = [
    "人民路",
    "解放路",
    "文明路",
    "海府路",
    "椰林路",
    "建设路",
    "和平路",
    "南海大道",
    "滨海大道",
    "龙昆路",
]


@dataclass(frozen=True)
class _Homes:
    """Households: row of the first resident, how many they are, villages of registration and residence."""

    first: Ints
    sizes: Ints
    village: Ints
    residence: Ints
    nation: Objects


class Residents:
    """`n` invented residents, block by block: their numbers are drawn at once, their texts when a block is asked for,
    so that a province of millions needs little memory.

    More residents with the same seed begin with the same ones: a province can grow without anybody changing.
    `ValueError` when a region cannot hold so many people without two sharing an identity number.
    """

    def __init__(self, n: int, seed: int = SEED, region: Path | None = None, as_of: date = AS_OF) -> None:
        self._n, self._seed = n, seed
        self._lands = villages(region or default_region())
        self._today = int(np.datetime64(as_of, "D").astype(np.int64))
        drawn = [_numbers(self._random(k), self._lands, self._today) for k in range(max(-(-n // BLOCK), 1))]
        native = np.concatenate([one.native for one in drawn])[:n].astype(np.int64)
        self.birth = np.concatenate([one.birth for one in drawn])[:n].astype(np.int64)
        self._age = np.concatenate([one.age for one in drawn])[:n]
        male = np.concatenate([one.male for one in drawn])[:n]
        self.id_numbers = _identity_numbers(self._lands, native, self.birth, male)

    def __len__(self) -> int:
        return self._n

    def _random(self, block: int) -> np.random.Generator:
        return np.random.default_rng([self._seed, 1, block])

    def __iter__(self) -> Iterator[Columns]:
        """Columns of a block after the other, as lists of equal length with the fields of the population register.

        `address_division` and `residence_division` are the village codes of `address` and `residence`; `phone` is
        empty for young children; `mark` is `demo` on every row.
        """
        for start in range(0, max(self._n, 1), BLOCK):
            random = self._random(start // BLOCK)
            columns = _texts(random, self._lands, start, _numbers(random, self._lands, self._today))
            size = min(BLOCK, self._n - start)
            columns = {name: values[:size] for name, values in columns.items()}
            yield {
                "id_number": self.id_numbers[start : start + size],
                **columns,
                "phone": _phones(start, self._age[start : start + size]),
                "mark": [MARK] * size,
            }


def generate_persons(n: int, seed: int = SEED, region: Path | None = None, as_of: date = AS_OF) -> Columns:
    """All columns of `n` residents at once."""
    columns: Columns = {}
    for block in Residents(n, seed, region, as_of):
        for name, values in block.items():
            columns.setdefault(name, []).extend(values)
    return columns


BLOCK = 20_000
"""Residents are drawn in blocks of this many, each with a generator of its own."""


@dataclass(frozen=True)
class _Numbers:
    """What is drawn first of a block: households, parts played, ages, days and counties of birth."""

    homes: _Homes
    home: Ints
    role: Ints
    age: NDArray[np.float32]
    male: NDArray[np.bool_]
    birth: NDArray[np.int32]
    native: NDArray[np.int32]


def _numbers(random: np.random.Generator, lands: Villages, today: int) -> _Numbers:
    homes = _homes(random, BLOCK, lands)
    home = np.repeat(np.arange(len(homes.sizes)), homes.sizes)
    role, age, male = _family(random, homes, home)
    birth = today - 1 - (age * 365.2425).astype(np.int64) - random.integers(0, 365, BLOCK)
    county = lands.county[homes.village][home]
    native = np.where(random.random(BLOCK) < 0.86, county, lands.county[_pick(random, lands, BLOCK)])
    return _Numbers(homes, home, role, age.astype(np.float32), male, birth.astype(np.int32), native.astype(np.int32))


def _texts(random: np.random.Generator, lands: Villages, first: int, drawn: _Numbers) -> Columns:
    homes, home, role, age, male = drawn.homes, drawn.home, drawn.role, drawn.age.astype(np.float64), drawn.male
    birth = drawn.birth.astype(np.int64)
    codes = np.array(lands.codes, dtype=object)
    registered = _addresses(random, lands, homes.village)
    living = np.where(homes.village == homes.residence, registered, _addresses(random, lands, homes.residence))
    household = np.array(
        [f"{lands.counties[c]}{i:08d}" for i, c in enumerate(lands.county[homes.village], first)], dtype=object
    )
    return {
        "name": (_surnames(random, homes, home, role, male) + _given(random, birth, male)).tolist(),
        "sex": np.where(male, "1", "2").tolist(),
        "birth_date": birth.astype("datetime64[D]").tolist(),
        "nation": homes.nation[home].tolist(),
        "marriage": _marriage(random, role, age).tolist(),
        "education": _education(random, age).tolist(),
        "address_division": codes[homes.village][home].tolist(),
        "address": registered[home].tolist(),
        "residence_division": codes[homes.residence][home].tolist(),
        "residence": living[home].tolist(),
        "household": household[home].tolist(),
        "household_relation": _relation(role, male).tolist(),
        "status": ["normal"] * BLOCK,
    }


def default_region() -> Path:
    """The folder of the region this installation is for."""
    from django.conf import settings

    return Path(settings.TONGBAN_CHECKOUT) / "regions" / str(settings.TONGBAN_REGION)


def _homes(random: np.random.Generator, n: int, lands: Villages) -> _Homes:
    sizes = np.searchsorted(_SIZES, random.random(n)) + 1
    count = int(np.searchsorted(np.cumsum(sizes), n)) + 1
    sizes = sizes[:count]
    sizes[-1] -= sizes.sum() - n
    village = _pick(random, lands, count)
    moved = random.random(count) < 0.1
    residence = np.where(moved, _pick(random, lands, count), village)

    nation = np.full(count, "01", dtype=object)
    chance = random.random(count)
    for code, shares in lands.minorities.items():
        share = shares[lands.county[village]]
        nation[(chance >= 0) & (chance < share)] = code
        chance = np.where(chance < share, -1.0, chance - share)
    return _Homes(np.cumsum(sizes) - sizes, sizes, village, residence, nation)


def _pick(random: np.random.Generator, lands: Villages, n: int) -> Ints:
    return np.minimum(np.searchsorted(lands.shares, random.random(n)), len(lands.codes) - 1)


def _family(
    random: np.random.Generator, homes: _Homes, home: Ints
) -> tuple[Ints, NDArray[np.float64], NDArray[np.bool_]]:
    """Part played in the household, age in years, and whether male, for every resident."""
    n, count = len(home), len(homes.sizes)
    place = np.arange(n) - homes.first[home]
    head_age = np.clip(random.normal(47, 15, count), 20, 88)
    head_male = random.random(count) < 0.72
    couple = (homes.sizes > 1) & (random.random(count) < 0.85)
    spouse_age = np.clip(head_age + random.normal(0, 2, count) + np.where(head_male, -2.0, 2.0), 20, 92)
    younger = np.where(couple, np.minimum(head_age, spouse_age), head_age)

    role = np.full(n, CHILD)
    role[place == 0] = HEAD
    role[(place == 1) & couple[home]] = SPOUSE
    # The fourth to sixth of a household are as often the head's parents; nobody's parent is older than 98.
    elder = (place > 2) & (random.random(n) < 0.5) & (head_age[home] < 68)
    role[elder] = PARENT
    firsts = np.zeros(n, dtype=bool)
    firsts[_first_of(home, role == PARENT)] = True
    seconds = np.zeros(n, dtype=bool)
    seconds[_first_of(home, (role == PARENT) & ~firsts)] = True
    role[(role == PARENT) & ~firsts & ~seconds] = CHILD

    widow = random.random(count) < 0.6  # the first parent listed is the mother

    child_age = younger[home] - 21 - random.random(n) * 13
    child_age = np.where(child_age > 0, child_age, random.random(n) * np.maximum(younger[home] - 19.5, 0.5))
    parent_age = np.minimum(head_age[home] + 21 + random.random(n) * 10, 98)
    age = np.choose(role, (head_age[home], spouse_age[home], child_age, parent_age))
    male = np.choose(role, (head_male[home], ~head_male[home], random.random(n) < 0.52, firsts ^ widow[home])).astype(
        bool
    )
    return role, age, male


def _first_of(home: Ints, chosen: NDArray[np.bool_]) -> Ints:
    """Rows of the first chosen resident of each household."""
    rows = np.flatnonzero(chosen)
    return rows[np.unique(home[rows], return_index=True)[1]]


def _surnames(random: np.random.Generator, homes: _Homes, home: Ints, role: Ints, male: NDArray[np.bool_]) -> Objects:
    """Children and fathers bear the name of the man of the house, wives and mothers their own."""
    count = len(homes.sizes)
    own = _surname_of(random, homes.nation)
    partner = _surname_of(random, homes.nation)
    mother = _surname_of(random, homes.nation)
    has_spouse = np.zeros(count, dtype=bool)
    has_spouse[home[role == SPOUSE]] = True
    line = np.where(male[homes.first] | ~has_spouse, own, partner)
    elder = np.where(male, own[home], mother[home])
    return np.choose(role, (own[home], partner[home], line[home], elder), mode="clip").astype(object)


def _surname_of(random: np.random.Generator, nation: Objects) -> Objects:
    drawn = names.draw(random, names.HAN, len(nation))
    for code, source in (("19", names.LI), ("06", names.MIAO)):
        rows = np.flatnonzero(nation == code)
        drawn[rows] = names.draw(random, source, len(rows))
    return drawn


def _given(random: np.random.Generator, birth: Ints, male: NDArray[np.bool_]) -> Objects:
    """Given names in the fashion of the year of birth; about one in eight has a single character."""
    year = birth.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    eras = sorted(names.MEN)
    era = np.searchsorted(eras, year, side="right") - 1
    found = np.empty(len(birth), dtype=object)
    for number, start in enumerate(eras):
        for tables, sex in ((names.MEN, True), (names.WOMEN, False)):
            rows = np.flatnonzero((era == number) & (male == sex))
            first = names.draw(random, tables[start], len(rows))
            second = names.draw(random, tables[start], len(rows))
            found[rows] = np.where(random.random(len(rows)) < 0.13, first, first + second)
    return found


def _identity_numbers(lands: Villages, native: Ints, birth: Ints, male: NDArray[np.bool_]) -> list[str]:
    """GB 11643: county of birth, birth date, sequence number with the parity of the sex, check character."""
    n = len(birth)
    key = ((native * 100_000) + birth + 50_000) * 2 + male
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    starts = np.flatnonzero(np.concatenate((np.ones(min(n, 1), dtype=bool), ordered[1:] != ordered[:-1])))
    # The rank counts earlier rows only: it stays the same when more residents follow.
    rank = np.empty(n, dtype=np.int64)
    rank[order] = np.arange(n) - np.repeat(starts, np.diff(np.concatenate((starts, [n]))))
    if n and int(rank.max()) >= 499:
        raise ValueError("more people born on one day in one county than there are identity numbers")
    # 499 is prime: stepping by 37 from a start of the day's own visits every sequence number once.
    slot = (rank * 37 + key * 131) % 499

    days = birth.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    years = days.astype("datetime64[Y]")
    codes: Bytes = np.empty((n, 18), dtype=np.uint8)
    put_number(codes, 0, 6, np.array([int(code) for code in lands.counties])[native])
    put_number(codes, 6, 4, years.astype(np.int64) + 1970)
    put_number(codes, 10, 2, (months - years.astype("datetime64[M]")).astype(np.int64) + 1)
    put_number(codes, 12, 2, (days - months.astype("datetime64[D]")).astype(np.int64) + 1)
    put_number(codes, 14, 3, 2 * slot + np.where(male, 1, 2))
    codes[:, 17] = identity_checks(codes)
    return texts(codes)


def _phones(first: int, age: NDArray[np.float32]) -> list[str]:
    n = len(age)
    codes: Bytes = np.empty((n, 11), dtype=np.uint8)
    codes[:, :3] = np.frombuffer(b"154", dtype=np.uint8)
    put_number(codes, 3, 8, (np.arange(first, first + n, dtype=np.int64) * 48_271_771 + 7_654_321) % 90_000_000)
    found = texts(codes)
    for row in np.flatnonzero(age < 12).tolist():
        found[row] = ""
    return found


def _addresses(random: np.random.Generator, lands: Villages, village: Ints) -> Objects:
    n = len(village)
    streets, houses = random.integers(0, len(_ROADS), n).tolist(), random.integers(1, 180, n).tolist()
    floors, doors = random.integers(1, 24, n).tolist(), random.integers(1, 5, n).tolist()
    found = np.empty(n, dtype=object)
    urban = lands.urban
    found[:] = [
        f"{lands.addresses[v]}{_ROADS[street]}{house}号{floor}层{floor}{door:02d}室"
        if urban[v]
        else f"{lands.addresses[v]}第{door + 4 * (street % 3)}村民小组{house}号"
        for v, street, house, floor, door in zip(village.tolist(), streets, houses, floors, doors, strict=True)
    ]
    return found


def _relation(role: Ints, male: NDArray[np.bool_]) -> Objects:
    men = np.array(["户主", "夫", "子", "父亲"], dtype=object)
    women = np.array(["户主", "妻", "女", "母亲"], dtype=object)
    return np.where(male, men[role], women[role])


def _marriage(random: np.random.Generator, role: Ints, age: NDArray[np.float64]) -> Objects:
    """GB/T 2261.2: 10 single, 20 married, 30 widowed, 40 divorced."""
    luck = random.random(len(age))
    single = np.where((age > 60) & (luck < 0.7), "30", np.where((age > 30) & (luck < 0.3), "40", "10"))
    return np.where(role == SPOUSE, "20", np.where(role == CHILD, "10", np.where(role == PARENT, "20", single)))


def _education(random: np.random.Generator, age: NDArray[np.float64]) -> Objects:
    """GB/T 4658, more of it the younger the adult; children are still at school."""
    luck = random.random(len(age)) + np.clip((45 - age) / 100, -0.25, 0.2)
    adult = np.select(
        [luck > 1.12, luck > 0.9, luck > 0.78, luck > 0.6, luck > 0.45, luck > 0.05],
        ["10", "20", "30", "60", "40", "70"],
        "80",
    )
    return np.select([age < 7, age < 13, age < 16, age < 19], ["90", "80", "70", "60"], adult).astype(object)
