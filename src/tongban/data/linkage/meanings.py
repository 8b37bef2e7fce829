"""What a column may mean, and how its values are written alike before they are compared.

Values are standardised once per distinct value, so that a million rows cost what their variety costs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import jellyfish
import opencc

from tongban.base.kernel.api import identity_check

Standard = Callable[[str], str | None]


@dataclass(frozen=True)
class Meaning:
    """One meaning: the way its values are written alike, how they are compared, and other names people give it.

    `joined`: several columns of this meaning are one value, as the lines of an address are. `plain`: a pattern (RE2)
    of values that already are as `standard` makes them.
    """

    key: str
    standard: Standard
    compared: str
    names: str = ""
    joined: bool = False
    plain: str = ""


def words(value: str) -> str | None:
    """Letters and digits in small letters, one blank between words; width, accents and punctuation do not count."""
    if _PLAIN.fullmatch(value) and _TRADITIONAL.isdisjoint(value):  # as most values of a modern list are
        return value
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", value).casefold())
    plain = "".join(" " if unicodedata.category(c)[0] in "PSZC" else c for c in plain if not unicodedata.combining(c))
    return " ".join(_SIMPLIFIED.convert(plain).split()) or None


def _name(value: str) -> str | None:
    """`Smith, John` -> `john smith`; titles go; Chinese names lose the blanks and dots between characters."""
    family, comma, given = value.partition(",")
    plain = words(f"{given} {family}" if comma and given.strip() else value)
    if plain is None:
        return None
    if is_chinese(plain):
        return plain.replace(" ", "")
    return " ".join(w for w in plain.split() if w not in _TITLES) or plain


def _compact(value: str) -> str | None:
    """Letters and digits only, in capitals."""
    return re.sub(r"[^0-9A-Z\u4e00-\u9fff]", "", unicodedata.normalize("NFKC", value).upper()) or None


def _identity(value: str) -> str | None:
    """A resident identity number in its 18-digit form (GB 11643); any other number as it is written."""
    if len(value) == 18 and value.isascii() and value.isdigit() and value[0] != "0":
        return value
    plain = _compact(value)
    if plain is None or not plain.strip("0"):
        return None
    if len(plain) == 15 and plain.isdigit():
        first17 = f"{plain[:6]}19{plain[6:]}"
        return first17 + identity_check(first17)
    return plain


def _phone(value: str) -> str | None:
    if len(value) == 11 and value.isascii() and value.isdigit() and value[0] == "1":
        return value
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", value))
    return digits.removeprefix("00").removeprefix("86").lstrip("0")[-11:] or None


def _email(value: str) -> str | None:
    return "".join(unicodedata.normalize("NFKC", value).casefold().split()) or None


def _date(value: str) -> str | None:
    """`YYYY-MM-DD` from the usual ways to write a date; what is no day stays as its digits, for it is evidence too."""
    if _ISO.fullmatch(value):
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            return re.sub(r"\D", "", value)
    text = unicodedata.normalize("NFKC", value).strip()
    numbers = [int(n) for n in re.findall(r"\d+", text.partition("T")[0].partition(" 00:")[0])]
    if len(numbers) == 1 and re.fullmatch(r"\d{8}(\.0)?", text):
        numbers = [int(text[:4]), int(text[4:6]), int(text[6:8])]
    if (month := _MONTHS.get(re.sub(r"[^a-z]", "", text.casefold())[:3])) and len(numbers) == 2:
        day, year = sorted(numbers)
        numbers = [year, month, day]
    for y, m, d in _orders(numbers):
        try:
            return date(y, m, d).isoformat()
        except ValueError:
            continue
    return re.sub(r"\D", "", text) or None


def _orders(numbers: list[int]) -> list[tuple[int, int, int]]:
    """Year first as in GB/T 7408; else day before month, and month before day where only that is a date."""
    if len(numbers) != 3:
        return []
    a, b, c = numbers
    if a > 31:
        return [(a, b, c), (a, c, b)]
    year = c if c > 99 else 1900 + c if c > 30 else 2000 + c
    return [(year, b, a), (year, a, b)]


def _organisation(value: str) -> str | None:
    """An organisation's name without its legal form; its place first, without brackets and without 省, 市 or 县."""
    if is_chinese(value):
        value = _PLACE_LATER.sub(r"\2\1", unicodedata.normalize("NFKC", value).strip())
    plain = words(value)
    if plain is None:
        return None
    if is_chinese(plain):
        bare = _PLACE.sub(r"\1", _FORMS_ZH.sub("", plain.replace(" ", "")))
        return bare or plain
    plain = _INITIALS.sub(lambda letters: letters[0].replace(" ", ""), plain)  # B. V. is BV
    return " ".join(w for w in plain.split() if w not in _FORMS) or plain


def _sex(value: str) -> str | None:
    plain = (words(value) or "")[:1]
    return {"男": "m", "1": "m", "女": "f", "2": "f", "w": "f"}.get(plain, plain) or None


def _postcode(value: str) -> str | None:
    return _compact(re.sub(r"\.0$", "", value.strip()))


def _address(value: str) -> str | None:
    plain = words(value)
    if plain is None:
        return None
    if is_chinese(plain):
        return plain.replace(" ", "")
    return " ".join(_STREETS.get(w, w) for w in plain.split())


def is_chinese(text: str) -> bool:
    """Whether the text holds Chinese characters."""
    return _CHINESE_LETTER.search(text) is not None


def sound(value: str) -> str:
    """How a name is spoken: pinyin without tones, or Metaphone for Latin letters."""
    return sounds([value])[0] or ""


def sounds(values: Sequence[str | None]) -> list[str | None]:
    """How names are spoken, the Chinese ones all in one go."""
    chinese = [value.replace("\n", " ") if value and is_chinese(value) else "" for value in values]
    spoken = "\n".join(chinese).translate(_SPOKEN).split("\n")
    return [
        pinyin.rstrip() or (value and " ".join(jellyfish.metaphone(word) for word in value.split()))
        for value, pinyin in zip(values, spoken, strict=bool(values))
    ]


class _Spoken(dict[int, str]):
    """Each character's pinyin, looked up once."""

    def __missing__(self, code: int) -> str:
        from pypinyin import Style, lazy_pinyin  # its tables take a while: only who links reads them

        character = chr(code)
        self[code] = f"{lazy_pinyin(character, style=Style.NORMAL)[0]} " if is_chinese(character) else character
        return self[code]


_SPOKEN = _Spoken()


_TITLES = {"mr", "mrs", "ms", "miss", "dr", "prof", "sir", "lady", "rev", "jr", "sr", "ii", "iii"}
_FORMS = {
    "ltd", "limited", "inc", "incorporated", "corp", "corporation", "co", "company", "llc", "llp", "plc", "gmbh", "ag",
    "sa", "sas", "sarl", "srl", "spa", "bv", "nv", "kg", "mbh", "pty", "oy", "ab", "as", "aps", "kk", "the", "and",
}  # fmt: skip
_FORMS_ZH = re.compile(
    r"(股份有限公司|有限责任公司|有限公司|责任公司|公司|集团|个体工商户|合伙企业有限合伙|有限合伙|普通合伙)"
)
_PLACE_LATER = re.compile(r"^([^()]{2,6})\(([\u4e00-\u9fff]{2,4})\)(?!.*合伙)")  # 晨星(海口)商贸有限公司
_PLACE = re.compile(r"^([\u4e00-\u9fff]{2,3}?)[省市县](?=..)")
_INITIALS = re.compile(r"\b[a-z]( [a-z]\b)+")
_STREETS = {
    "street": "st", "road": "rd", "avenue": "ave", "av": "ave", "place": "pl", "drive": "dr", "court": "ct",
    "crescent": "cres", "close": "cl", "circuit": "cct", "boulevard": "blvd", "lane": "ln", "parade": "pde",
    "terrace": "tce", "highway": "hwy", "square": "sq", "north": "n", "south": "s", "east": "e", "west": "w",
}  # fmt: skip
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: n for n, name in enumerate(_NAMES, 1)}
_ISO = re.compile(r"[12]\d{3}-\d\d-\d\d", re.ASCII)
_CHINESE_LETTER = re.compile("[\u4e00-\u9fff]")
_PLAIN = re.compile(r"[\u4e00-\u9fff0-9a-z]+")
_SIMPLIFIED = opencc.OpenCC("t2s")  # old papers still write names and places in traditional characters
_CHARACTERS = [chr(code) for code in range(0x4E00, 0xA000)]
_CONVERTED = _SIMPLIFIED.convert("\n".join(_CHARACTERS)).split("\n")
_TRADITIONAL = {c for c, plain in zip(_CHARACTERS, _CONVERTED, strict=True) if c != plain}
_MODERN = "".join(c for c in _CHARACTERS if c not in _TRADITIONAL)
_CHINESE = f"^[{_MODERN}][{_MODERN}0-9a-z]*$"

MEANINGS: dict[str, Meaning] = {
    m.key: m
    for m in (
        Meaning("name", _name, "name", "full name, person name, 姓名, 名称", plain=_CHINESE),
        Meaning("given_name", _name, "name", "first name, forename, given, 名"),
        Meaning("family_name", _name, "name", "surname, last name, family, 姓, 姓氏"),
        Meaning("former_name", _name, "name", "maiden name, 曾用名"),
        Meaning("birth_date", _date, "date", "date of birth, dob, birthdate, birthday, 出生日期, 出生年月"),
        Meaning("date", _date, "date", "日期, 成立日期, year"),
        Meaning(
            "identity_number",
            _identity,
            "number",
            "id number, ssn, national id, 身份证号, 公民身份号码",
            plain="^[1-9][0-9]{16}[0-9X]$",
        ),
        Meaning(
            "registration_number",
            _compact,
            "number",
            "credit code, organisation code, organization code, tax number, 统一社会信用代码, 组织机构代码, 注册号",
        ),
        Meaning(
            "phone", _phone, "number", "telephone, mobile, phone number, 电话, 联系电话, 手机号码", plain="^1[0-9]{10}$"
        ),
        Meaning("email", _email, "email", "e-mail, mail, email address, 电子邮件, 邮箱"),
        Meaning(
            "address",
            _address,
            "text",
            "street, street address, address line, 地址, 住址, 住所",
            joined=True,
            plain=_CHINESE,
        ),
        Meaning("street_number", _compact, "code", "house number, 门牌号"),
        Meaning("postcode", _postcode, "code", "postal code, zip, zip code, 邮政编码, 邮编"),
        Meaning("place", words, "word", "city, town, suburb, birth place, birthplace, 地名, 籍贯, 出生地, 城市"),
        Meaning("region", words, "category", "state, province, county, country, 省, 省份, 行政区划"),
        Meaning("occupation", words, "word", "job, profession, 职业"),
        Meaning("sex", _sex, "category", "gender, 性别"),
        Meaning("category", words, "category", "type, kind, class, 类别, 类型"),
        Meaning(
            "organisation_name",
            _organisation,
            "organisation",
            "organization name, organisation, organization, company, company name, business name, employer, 单位名称, "
            "企业名称, 机构名称",
        ),
        Meaning("legal_person", _name, "name", "legal representative, contact, 法定代表人, 法人"),
        Meaning("text", words, "text", "title, description, other, 文本", joined=True),
    )
}
_BY_NAME = {name: m for m in MEANINGS.values() for name in (m.key.replace("_", " "), *m.names.split(", "))}


def meaning(name: str) -> Meaning | None:
    """The meaning by its key or another of its names, however it is spelled."""
    return _BY_NAME.get(re.sub(r"[\s_-]+", " ", name.strip().casefold()))
