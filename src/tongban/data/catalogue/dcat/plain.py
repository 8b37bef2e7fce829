"""Catalogues in plain JSON: data.json (DCAT-US) 1.0, 1.1 and 3.0, and what CKAN's interface answers.

The same verdicts as for DCAT: what DCAT-AP makes mandatory refuses, what the format itself asks for warns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from .documents import LISTS
from .report import Entry, File, Finding, Severity, Unreadable, preferred, shown
from .values import address_fault, is_date

_MOST = 100
_TELLING = {"title", "description", "identifier", "accessLevel", "keyword", "publisher", "modified"}
_SINGLE = _TELLING - {"title", "description"}
_ACCESS = ("public", "restricted public", "non-public")


@dataclass
class Rows:
    """A list that is read while it is judged, once; `head` are its first rows."""

    head: list[Any]
    rest: Iterator[Any]

    def __iter__(self) -> Iterator[Any]:
        return chain(self.head, self.rest)


def judged(document: Any) -> tuple[str, Iterable[Entry], list[Finding]]:
    """The format, its entries, and what is to be said about the file. `Unreadable` where there is no catalogue."""
    findings: list[Finding] = []
    if isinstance(document, dict) and ("result" in document or "success" in document):
        return "ckan", _each(_ckan_packages(document, findings), _ckan), findings
    if _is_data_json(document):
        if not any(isinstance(document.get(key), list | Iterator) for key in LISTS):
            raise Unreadable("not_a_catalogue", "“dataset” has to be a list, even with nothing in it")
        if document.get("@type") == "Catalog" or isinstance(document.get("conformsTo"), dict):
            return "data.json-3.0", _nested(document, "", {}), findings
        if "conformsTo" not in document:
            findings.append(
                Finding("conforms_to_missing", "data.json 1.1 names its schema in conformsTo", "/conformsTo")
            )
        return "data.json-1.1", _each(document["dataset"], _data_json, "/dataset"), findings
    if isinstance(document, dict) and (_is_ckan(document) or (_SINGLE & document.keys() and "$schema" not in document)):
        document = [document]  # one dataset without a catalogue
    if isinstance(document, list | Rows):
        head = [one for one in (document if isinstance(document, list) else document.head) if isinstance(one, dict)]
        if any(_is_ckan(one) for one in head):
            return "ckan", _each(document, _ckan), findings
        if any(len(_TELLING & one.keys()) > 1 for one in head):
            return "data.json-1.0", _each(document, _data_json), findings
    raise Unreadable("not_a_catalogue", "this JSON is neither DCAT, nor a data.json, nor an answer of CKAN")


def _is_data_json(document: Any) -> bool:
    return isinstance(document, dict) and (
        any(isinstance(document.get(key), list | Iterator) for key in LISTS)
        or "dataset" in document
        or "data.gov" in str(document.get("conformsTo"))
    )


def _is_ckan(row: dict[str, Any]) -> bool:
    return isinstance(row.get("resources"), list) or "notes" in row


def _ckan_packages(document: dict[str, Any], findings: list[Finding]) -> list[Any]:
    result = document.get("result")
    if document.get("success") is False:
        raise Unreadable("ckan_error", "this is an error message of CKAN, not a catalogue")
    if isinstance(result, dict) and isinstance(result.get("results"), list):
        count, here = result.get("count"), len(result["results"])
        if isinstance(count, int) and count > here:
            findings.append(Finding("paged", f"this page holds {here} of {count} datasets; the others are not read"))
        return list(result["results"])
    if isinstance(result, dict) and _is_ckan(result):
        return [result]
    if isinstance(result, list):
        return result
    raise Unreadable("not_a_catalogue", "this answer of CKAN holds no datasets")


def _each(
    rows: Iterable[Any],
    read: Callable[[dict[str, Any], str], Entry],
    place: str = "",
    seen: dict[str, str] | None = None,
) -> Iterator[Entry]:
    """One entry per row; the first with an identifier keeps it. `seen` are identifiers and where they stood."""
    seen = {} if seen is None else seen
    for at, row in enumerate(rows):
        path = f"{place}/{at}"
        if not isinstance(row, dict):
            name = shown(row) if isinstance(row, str) else path
            message = "only its name is given" if isinstance(row, str) else "this is no object that describes a dataset"
            finding = Finding("not_described", message, path, Severity.ERROR)
            yield Entry(id=name, kind="dataset", findings=(finding,))
            continue
        entry = read(row, path)
        if entry.identifier and entry.identifier in seen:
            message = f"{seen[entry.identifier]} has the same identifier “{entry.identifier}”"
            twice = Finding("duplicate_identifier", message, f"{path}/identifier", Severity.ERROR)
            entry = replace(entry, findings=(*entry.findings, twice))
        elif entry.identifier:
            seen[entry.identifier] = path
        yield entry


def _text(value: Any) -> str:
    return shown(value) if isinstance(value, str) and value.strip() else ""


def _languages(value: Any) -> dict[str, str]:
    """A text, or an object of texts by language, as catalogues of countries with several have it."""
    given = value.items() if isinstance(value, dict) else [("", value)]
    return {str(tag).lower(): text for tag, one in given if (text := _text(one))}


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(text for one in values[:_MOST] if (text := _text(one))) if isinstance(values, list) else ()


def _mandatory(row: dict[str, Any], key: str, path: str, called: str = "") -> Iterator[Finding]:
    if _languages(row.get(key)):
        return
    state = "missing" if row.get(key) is None else "empty" if isinstance(row[key], str) else "not a text"
    code = f"{called or key}_missing"
    yield Finding(code, f"“{key}” is mandatory and {state}", f"{path}/{key}", Severity.ERROR)


# data.json


def _nested(catalogue: dict[str, Any], place: str, seen: dict[str, str]) -> Iterator[Entry]:
    """What DCAT-US 3 lets a catalogue hold: datasets, series with their members, services, other catalogues."""

    def listed(owner: dict[str, Any], key: str) -> list[Any]:
        return owner[key] if isinstance(owner.get(key), list) else []

    yield from _each(listed(catalogue, "dataset"), _data_json_3, f"{place}/dataset", seen)
    yield from _each(listed(catalogue, "datasetSeries"), _series, f"{place}/datasetSeries", seen)
    for at, series in enumerate(listed(catalogue, "datasetSeries")):
        members = listed(series, "seriesMember") if isinstance(series, dict) else []
        new = [one for one in members if isinstance(one, dict) and _identifier(one) not in seen]
        yield from _each(new, _data_json_3, f"{place}/datasetSeries/{at}/seriesMember", seen)
    yield from _each(listed(catalogue, "service"), _service, f"{place}/service", seen)
    for at, one in enumerate(listed(catalogue, "catalog")):
        if isinstance(one, dict):
            yield from _nested(one, f"{place}/catalog/{at}", seen)


def _series(row: dict[str, Any], path: str) -> Entry:
    entry = _data_json_3(row, path)
    found = [one for one in entry.findings if one.code not in ("identifier_missing", "contact_point_missing")]
    return replace(
        entry, id=entry.identifier or _text(row.get("@id")) or path, kind="dataset_series", findings=tuple(found)
    )


def _data_json_3(row: dict[str, Any], path: str) -> Entry:
    """DCAT-US 3.0 dropped `accessLevel` and asks for neither keywords nor a date."""
    entry = _data_json(row, path)
    no_more = ("access_level_bad", "keyword_missing", "modified_missing", "landing_page_bad_address")
    return replace(entry, findings=tuple(one for one in entry.findings if one.code not in no_more))


def _service(row: dict[str, Any], path: str) -> Entry:
    entry = _data_json_3(row, path)
    found = [one for one in entry.findings if one.code not in ("description_missing", "identifier_missing")]
    return replace(entry, kind="data_service", findings=(*found, *_mandatory(row, "endpointURL", path, "endpoint_url")))


def _data_json(row: dict[str, Any], path: str) -> Entry:
    identifier, title = _identifier(row), _text(row.get("title"))
    publisher = row.get("publisher")
    name = publisher.get("name") if isinstance(publisher, dict) else publisher
    files = list(_files(row))
    findings = [*_mandatory(row, "title", path), *_mandatory(row, "description", path)]
    findings += [*_of_data_json(row, path, _text(name)), *_of_files(row, path)]
    return Entry(
        id=identifier or path,
        kind="dataset",
        title=title,
        titles={"": title} if title else {},
        descriptions={"": text} if (text := _text(row.get("description"))) else {},
        publisher=_text(name),
        identifier=identifier,
        keywords=_texts(row.get("keyword")),
        themes=_texts(row.get("theme")),
        issued=_text(row.get("issued")),
        modified=_text(row.get("modified")),
        landing_page=_text(row.get("landingPage")),
        files=tuple(files),
        findings=tuple(findings[:_MOST]),
    )


def _identifier(row: dict[str, Any]) -> str:
    given = row.get("identifier")
    if isinstance(given, dict):  # DCAT-US 3
        given = given.get("notation") or given.get("@id")
    return str(given) if type(given) is int else _text(given)


def _of_data_json(row: dict[str, Any], path: str, publisher: str) -> Iterator[Finding]:
    if not _identifier(row):
        yield Finding(
            "identifier_missing", "“identifier” is missing: next time it cannot be recognised", f"{path}/identifier"
        )
    elif type(row["identifier"]) is int:
        yield Finding("identifier_not_text", "“identifier” is a number where a text is asked", f"{path}/identifier")
    if not publisher:
        yield Finding("publisher_missing", "“publisher” is missing or has no name", f"{path}/publisher")
    if not row.get("contactPoint"):
        yield Finding("contact_point_missing", "“contactPoint” is missing", f"{path}/contactPoint")
    keywords = row.get("keyword")
    if not keywords:
        yield Finding("keyword_missing", "“keyword” is missing", f"{path}/keyword")
    elif not isinstance(keywords, list):
        yield Finding("keyword_not_a_list", "“keyword” is to be a list of texts", f"{path}/keyword")
    if row.get("accessLevel") not in _ACCESS:
        said = f"cannot be “{shown(row['accessLevel'])}”" if row.get("accessLevel") else "is missing"
        message = f"“accessLevel” {said}; it is one of {', '.join(_ACCESS)}"
        yield Finding("access_level_bad", message, f"{path}/accessLevel")
    if not row.get("modified"):
        yield Finding("modified_missing", "“modified” is missing", f"{path}/modified")
    for key in ("issued", "modified"):
        value = row.get(key)
        if value and not (isinstance(value, str) and (is_date(value) or _is_interval(value))):
            yield Finding(f"{key}_bad_date", f"“{shown(value)}” is no date", f"{path}/{key}")
    for key in ("license", "landingPage", "describedBy"):
        value = row.get(key)
        if value and (fault := address_fault(value) if isinstance(value, str) else "it is no text"):
            code = "license_bad_address" if key == "license" else f"{_snake(key)}_bad_address"
            yield Finding(code, f"“{shown(value)}”: {fault}", f"{path}/{key}")


def _is_interval(value: str) -> bool:
    """data.json 1.1 allows `R/P1D` and `2011-01-01/2012-01-01` for data that keeps changing."""
    parts = value.split("/")
    return len(parts) > 1 and all(is_date(one) or re.fullmatch(r"R\d*|P[0-9TYMWDHS.]{1,40}", one) for one in parts)


def _snake(key: str) -> str:
    return "".join(f"_{one.lower()}" if one.isupper() else one for one in key)


def _distributions(row: dict[str, Any]) -> list[tuple[str, Any]]:
    given = row.get("distribution")
    if isinstance(given, list):
        return [(f"/distribution/{at}", one) for at, one in enumerate(given[:_MOST])]
    return [("/distribution", given)] if given else []


def _files(row: dict[str, Any]) -> Iterator[File]:
    """Distributions, and the addresses data.json 1.0 kept on the dataset itself."""
    for _place, one in [("", row), *_distributions(row)]:
        if isinstance(one, dict) and (url := _text(one.get("downloadURL")) or _text(one.get("accessURL"))):
            form = _text(one.get("format")) or _text(one.get("mediaType"))
            licence = _text(one.get("license")) or _text(row.get("license"))
            yield File(url, _text(one.get("title")) if one is not row else "", form, licence)


def _of_files(row: dict[str, Any], path: str) -> Iterator[Finding]:
    for key in ("accessURL", "downloadURL"):
        if value := row.get(key):
            yield from _address(value, key, path)
    for place, one in _distributions(row):
        if not isinstance(one, dict):
            yield Finding("distribution_bad", "a distribution is to be an object", path + place)
            continue
        given = [key for key in ("accessURL", "downloadURL") if one.get(key)]
        if not given:
            message = "neither accessURL nor downloadURL: this distribution cannot be reached"
            yield Finding("access_url_missing", message, path + place, Severity.ERROR)
        for key in given:
            yield from _address(one[key], key, path + place)


def _address(value: Any, key: str, path: str) -> Iterator[Finding]:
    fault = address_fault(value) if isinstance(value, str) else "it is no text"
    if fault:
        yield Finding(f"{_snake(key.replace('URL', 'Url'))}_bad_address", f"“{shown(value)}”: {fault}", f"{path}/{key}")


# CKAN


def _ckan(row: dict[str, Any], path: str) -> Entry:
    identifier = _text(row.get("id")) or _text(row.get("name"))
    titles, descriptions = _languages(row.get("title")), _languages(row.get("notes"))
    organisation = row.get("organization")
    publisher = preferred(_languages(organisation.get("title"))) if isinstance(organisation, dict) else ""
    tags = row.get("tags") if isinstance(row.get("tags"), list) else []
    names = [_text(one.get("display_name") or one.get("name")) for one in tags or [] if isinstance(one, dict)]
    findings = [*_mandatory(row, "title", path), *_mandatory(row, "notes", path, "description")]
    findings += _of_ckan(row, path, identifier)
    return Entry(
        id=identifier or path,
        kind="dataset",
        title=preferred(titles) or _text(row.get("name")),
        titles=titles,
        descriptions=descriptions,
        publisher=publisher,
        identifier=identifier,
        keywords=tuple(one for one in names[:_MOST] if one),
        issued=_text(row.get("metadata_created")),
        modified=_text(row.get("metadata_modified")),
        landing_page=_text(row.get("url")),
        files=tuple(_ckan_files(row)),
        findings=tuple(findings[:_MOST]),
    )


def _resources(row: dict[str, Any]) -> list[Any]:
    given = row.get("resources")
    return given[:_MOST] if isinstance(given, list) else []


def _ckan_files(row: dict[str, Any]) -> Iterator[File]:
    for one in _resources(row):
        if isinstance(one, dict) and (url := _text(one.get("url"))):
            yield File(url, _text(one.get("name")), _text(one.get("format")), _text(row.get("license_url")))


def _of_ckan(row: dict[str, Any], path: str, identifier: str) -> Iterator[Finding]:
    if not identifier:
        yield Finding("identifier_missing", "neither “id” nor “name”: next time it cannot be recognised", path)
    if not isinstance(row.get("organization"), dict):
        yield Finding("publisher_missing", "“organization” is missing", f"{path}/organization", Severity.NOTE)
    if (licence := row.get("license_url")) and (fault := address_fault(str(licence))):
        yield Finding("license_bad_address", f"“{shown(licence)}”: {fault}", f"{path}/license_url")
    for key in ("metadata_created", "metadata_modified"):
        value = row.get(key)
        if value and not (isinstance(value, str) and is_date(value)):
            code = "issued_bad_date" if key == "metadata_created" else "modified_bad_date"
            yield Finding(code, f"“{shown(value)}” is no date", f"{path}/{key}")
    for at, one in enumerate(_resources(row)):
        place = f"{path}/resources/{at}"
        if not isinstance(one, dict) or not one.get("url"):
            yield Finding("access_url_missing", "a resource without “url” cannot be reached", place, Severity.ERROR)
        else:
            yield from _address(one["url"], "accessURL", place)
