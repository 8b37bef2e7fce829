"""Harvesting: odd and large files of the field."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from rdflib import Graph

from tongban.data.catalogue.dcat import parsing, progress, statements, streaming

from .test_harvest import CATALOGUE, PREFIXES, read, run

ODD: dict[str, tuple[bytes, str, list[str]]] = {
    "a web page with JSON-LD": (
        b'<!DOCTYPE html><html><script type="application/ld+json">{"@context": "https://schema.org/", "@id": "u:a", '
        b'"@type": "Dataset", "name": "t", "description": "d"}</script></html>',
        "json-ld",
        ["accepted"],
    ),
    "one dataset of CKAN": (b'{"id": "1", "title": "t", "notes": "d", "resources": []}', "ckan", ["accepted"]),
    "DCAT-US 3, nested": (
        b'{"@type": "Catalog", "@id": "u:c", "datasetSeries": [{"title": "s", "description": "d", "publisher": '
        b'{"name": "o"}, "seriesMember": [{"identifier": "1", "title": "t", "description": "d", "publisher": "o", '
        b'"contactPoint": {"fn": "a"}}]}], "catalog": [{"dataset": [{"identifier": {"notation": "2"}}]}]}',
        "data.json-3.0",
        ["accepted", "accepted", "refused"],
    ),
    "words of an unknown context under a prefixed class": (
        b'{"@context": "https://x.org/dcat-us-3.0.jsonld", "@id": "u:a", "@type": "dcat:Dataset", "title": "t", '
        b'"description": "d", "distribution": {"@type": "Distribution", "accessURL": "http://x.org/f"}}',
        "json-ld",
        ["accepted"],
    ),
    "two classes with words of their own": (
        b'{"@context": "https://semiceu.github.io/DCAT-AP/releases/3.0.1/html/examples/context.jsonld", "@id": "u:a", '
        b'"@type": ["Dataset", "DatasetMemberOfADatasetSeries"], "title": {"en": "t"}, "description": {"en": "d"}}',
        "json-ld",
        ["accepted"],
    ),
    "a context that lets a prefixed word be another": (
        b'{"@context": {"dcat": "http://www.w3.org/ns/dcat#", "Xsd:date": "u:date", "t": "http://purl.org/dc/terms/"}, '
        b'"@id": "u:a", "@type": "dcat:Dataset", "t:title": "t", "t:description": "d"}',
        "json-ld",
        ["accepted"],
    ),
    "text beside an address": (
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:c="http://www.w3.org/ns/dcat#" '
        b'xmlns:t="http://purl.org/dc/terms/"><c:Dataset rdf:about="u:a"><t:title>t</t:title><t:description>d'
        b'</t:description><c:theme rdf:resource="u:water">W\xc3\xa4ter &amp; more</c:theme></c:Dataset></rdf:RDF>',
        "rdf/xml",
        ["accepted"],
    ),
    "UTF-8 that says it is another": (
        '<?xml version="1.0" encoding="ISO-8859-1"?><c:Dataset xmlns:c="http://www.w3.org/ns/dcat#" '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" rdf:about="u:a" xmlns:t="http://purl.org/dc/terms/" '
        't:title="学校" t:description="d"/>'.encode(),
        "rdf/xml",
        ["accepted"],
    ),
    "words and namespaces misspelt, and a list": (
        b"@prefix c: <https://www.w3.org/ns/dcat/> . @prefix t: <http://purl.org/dc/terms#> . <u:c> a c:catalog ; "
        b'c:dataset (<u:a> <u:b>) . <u:a> a c:DataSet ; t:title "t" ; t:description "d" .',
        "turtle",
        ["warned", "refused"],
    ),
    "schema.org": (
        b'{"@context": "https://schema.org/", "@type": "Dataset", "@id": "http://x.org/a", "name": "t", '
        b'"description": "d", "publisher": {"@type": "Organization", "name": "o"}, '
        b'"distribution": {"@type": "DataDownload", "contentUrl": "http://x.org/f"}}',
        "json-ld",
        ["accepted"],
    ),
    "JSON lines": (
        b'{"id": "1", "title": "t", "notes": "d"}\n{"id": "2", "title": "t"}',
        "ckan",
        ["accepted", "refused"],
    ),
    "DCAT-US 3": (
        b'{"@type": "Catalog", "dataset": [{"identifier": "1", "title": "t", "description": "d", "publisher": '
        b'{"name": "o"}, "contactPoint": {"fn": "a"}}], "service": [{"title": "s"}]}',
        "data.json-3.0",
        ["accepted", "refused"],
    ),
    "titles by language": (
        b'{"success": true, "result": {"count": 9, "results": [{"id": "1", "title": {"fr": "t"}, '
        b'"notes": {"fr": "d"}}]}}',
        "ckan",
        ["accepted"],
    ),
    "one node of RDF/XML": (
        b'<dcat:Dataset xmlns:dcat="http://www.w3.org/ns/dcat#" xmlns:dct="http://purl.org/dc/terms/" '
        b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" rdf:about="http://x.org/a"><dct:title>t</dct:title>'
        b"<dct:description>d</dct:description></dcat:Dataset>",
        "rdf/xml",
        ["accepted"],
    ),
    "no context": (
        b'{"@id": "http://x.org/a", "@type": "dcat:Dataset", "dct:title": "t", "dct:description": "d"}',
        "json-ld",
        ["accepted"],
    ),
    "accessUrl": (
        PREFIXES.encode()
        + b'<http://x.org/a> a dcat:Dataset ; dct:title "t" ; dct:description "d" ; dcat:distribution '
        b"[ a dcat:Distribution ; dcat:accessUrl <http://x.org/f> ] .",
        "turtle",
        ["accepted"],
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_catalogues_of_the_field(name: str) -> None:
    content, form, verdicts = ODD[name]
    report = read(content)
    assert (report.format, [one.status.value for one in report.entries]) == (form, verdicts), report.failure


@pytest.mark.parametrize("form", ["turtle", "xml", "nt", "json-ld"])
def test_what_lies_on_disk_is_judged_alike(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = Graph().parse(data=CATALOGUE, format="turtle").serialize(format=form)
    in_memory = read(content)
    monkeypatch.setattr(statements, "_IN_MEMORY", 3)
    on_disk = read(content)
    assert on_disk.as_json() == in_memory.as_json()
    assert [one.as_json() for one in on_disk.entries] == [one.as_json() for one in in_memory.entries]


def test_large_json_ld_is_read_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    context = {"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/"}
    rows = [
        {"@id": f"u:{n}", "@type": "dcat:Dataset", "dct:title": "t", "dct:description": "d" if n % 3 else " "}
        for n in range(1200)
    ]
    monkeypatch.delattr(parsing, "document")  # what reads a document whole
    for whole in (
        {"@context": context, "@graph": rows},
        {"dcat:dataset": rows, "@type": "dcat:Catalog", "@context": context},
        rows,
    ):
        report = read(json.dumps(whole))
        assert report.counts() == {"entries": 1200, "accepted": 800, "warned": 0, "refused": 400}, report.failure
        assert len(report.catalogues) == ("dcat:dataset" in whole)


ROWS = [
    {
        "title": f"目录{i}",
        "description": "d",
        "identifier": f"id-{i % 40}",
        "accessLevel": "public",
        "modified": "2024-13-01",
    }
    for i in range(60)
]
POD = '{"conformsTo": "https://project-open-data.cio.gov/v1.1/schema", "dataset": '
LINES = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS)
ALL = json.dumps(ROWS, ensure_ascii=False, indent=1)
CKANS = json.dumps([{"name": f"n{i}", "notes": "n", "title": "t", "resources": [{"url": "x"}]} for i in range(30)])


@pytest.mark.parametrize(
    ("content", "by_row"),
    [
        (f'{POD}{ALL}, "describedBy": "x"}}', True),
        (f"\ufeff{POD}{ALL}}}\n", True),
        (ALL, True),
        (LINES, True),
        (LINES.replace("\n", "\r\n\n") + "\n", True),
        (CKANS, True),
        (f'{{"dataset": {ALL}, "conformsTo": "https://project-open-data.cio.gov/v1.1/schema"}}', False),
        (f'{POD}{ALL}, "dataset": []}}', False),
        (f"{POD}{ALL}", False),
        (f"{POD}{ALL}}} and more", False),
        (f"{POD}[]}}", False),
        (ALL.replace('"d"', "NaN", 1), False),
        (ALL[:-3], False),
        (f"{LINES}\n{{no json}}", False),
        (LINES.replace('"d"', "[" * 70 + "]" * 70, 1), False),
        (LINES.replace("\n", " ", 1), False),
        ('{"a": 1}\n{"b": 2}', False),
    ],
)
def test_row_by_row_says_what_the_whole_says(content: str, by_row: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    parse, whole_files = parsing.parse, []

    def parsed(*given: Any) -> parsing.Parsed:
        whole_files.append(given)
        return parse(*given)

    monkeypatch.setattr(parsing, "parse", parsed)
    found = read(gzip.compress(content.encode()))
    assert (not whole_files) is by_row
    monkeypatch.setattr(streaming, "document", odd)
    whole = read(content)
    assert found.as_json() == whole.as_json()
    assert [one.as_json() for one in found.entries] == [one.as_json() for one in whole.entries]


def odd(*_given: Any) -> None:
    raise streaming.Odd


def test_how_far_it_is_stands_on_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_EVERY", 0.0005)
    (tmp_path / "file").write_text("\n".join([LINES] * 60))
    assert run(str(tmp_path / "file"), "--json") == 0
    told = capsys.readouterr()
    assert len(json.loads(told.out)["entries"]) == 3600 and "entries judged" in told.err
