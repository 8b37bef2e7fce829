"""Harvesting: strangers' catalogues, valid and not, through the command line."""

from __future__ import annotations

import argparse
import gzip
import json
import random
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pyshacl import validate
from rdflib import Dataset, Graph
from rdflib.namespace import SH

from tongban.base.kernel.api import Refused
from tongban.data.catalogue import api, cli
from tongban.data.catalogue.data import State
from tongban.data.catalogue.dcat import reading
from tongban.data.catalogue.dcat.harvesting import harvest
from tongban.data.catalogue.dcat.report import Report

PREFIXES = """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
CATALOGUE = f"""{PREFIXES}
<http://x.org/cat> a dcat:Catalog ; dct:title "目录"@zh ; dct:description "全部"@zh ;
  dct:publisher <http://x.org/office> ;
  dcat:dataset <http://x.org/good>, <http://x.org/untitled>, <http://x.org/late> ; dcat:service <http://x.org/api> .
<http://x.org/office> a foaf:Agent ; foaf:name "省数据局"@zh .
<http://x.org/good> a dcat:Dataset ; dct:title "Schools"@en, "学校"@zh ; dct:description "所有学校"@zh ;
  dct:issued "2024-05-01"^^xsd:date ; dcat:distribution <http://x.org/good.csv> .
<http://x.org/good.csv> a dcat:Distribution ; dcat:accessURL <http://x.org/files/good.csv> ; dct:title "CSV" .
<http://x.org/untitled> a dcat:Dataset ; dct:description "no title"@en .
<http://x.org/late> a dcat:Dataset ; dct:title "Late"@en ; dct:description "d"@en ;
  dct:modified "2024-13-41"^^xsd:date .
<http://x.org/api> a dcat:DataService ; dct:title "接口"@zh ; dcat:endpointURL <http://x.org/v1> .
"""


def read(content: bytes | str) -> Report:
    return harvest("test", lambda: content.encode() if isinstance(content, str) else content)


def one(body: str) -> tuple[str, set[str]]:
    """The status of the one dataset of a file, and the codes that are no notes."""
    report = read(PREFIXES + body)
    assert report.failure is None, report.failure
    (entry,) = report.entries
    return entry.status.value, {f.code for f in entry.findings if f.severity != "note"}


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    cli.register(parser.add_subparsers())
    known = parser.parse_args(["catalogue", "harvest", *arguments])
    return int(known.run(known))


@pytest.mark.parametrize("form", ["turtle", "xml", "pretty-xml", "nt", "json-ld", "trig", "nquads"])
@pytest.mark.parametrize("packed", [False, True])
def test_the_same_verdicts_in_every_serialisation(
    form: str, packed: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    graph: Graph = Graph().parse(data=CATALOGUE, format="turtle")
    if form in ("trig", "nquads"):
        named = Dataset()
        for triple in graph:
            named.graph("http://x.org/graph").add(triple)
        graph = named
    content = graph.serialize(format=form, encoding="utf-8")
    file = tmp_path / "name-says-nothing.dat"
    file.write_bytes(gzip.compress(content) if packed else content)
    assert run(str(file), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    verdicts = {e["id"]: (e["title"], e["status"], e["kind"]) for e in told["entries"]}
    assert verdicts == {
        "http://x.org/good": ("学校", "accepted", "dataset"),
        "http://x.org/untitled": ("", "refused", "dataset"),
        "http://x.org/late": ("Late", "warned", "dataset"),
        "http://x.org/api": ("接口", "accepted", "data_service"),
    }
    assert told["counts"] == {"entries": 4, "accepted": 2, "warned": 1, "refused": 1}
    found = {f["code"]: f for e in told["entries"] for f in e["findings"] if f["severity"] != "note"}
    assert set(found) == {"title_missing", "modified_bad_date"}
    assert found["title_missing"]["path"] == "dct:title"
    assert told["catalogues"][0]["status"] == "accepted"


RDF_XML = b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
GOOD = 'a dcat:Dataset ; dct:title "t" ; dct:description "d"'


@pytest.mark.parametrize(
    ("body", "status", "codes"),
    [
        (f"<http://x.org/a> {GOOD} .", "accepted", set()),
        ('<http://x.org/a> a dcat:Dataset ; dct:title " " ; dct:description "d" .', "refused", {"title_missing"}),
        ('<http://x.org/a> a dcat:Dataset ; dct:title <u:t> ; dct:description "d" .', "refused", {"title_missing"}),
        (f"[] {GOOD} .", "warned", {"no_address"}),
        (f"<relative> {GOOD} .", "warned", {"id_bad_address"}),
        (f"<http://x.org/a> {GOOD} ; dcat:distribution [ a dcat:Distribution ] .", "refused", {"access_url_missing"}),
        (
            f"<http://x.org/a> {GOOD} ; dcat:distribution [ a dcat:Distribution ; dcat:downloadURL <http://x.o/f> ] .",
            "warned",
            {"access_url_missing"},
        ),
        (f'<http://x.org/a> {GOOD} ; dcat:distribution "http://x.org/f" .', "warned", {"distribution_not_a_reference"}),
        (f"<http://x.org/a> {GOOD} ; dcat:distribution <http://x.org/f> .", "warned", {"distribution_not_described"}),
        (
            f"<http://x.org/a> {GOOD} ; dcat:distribution [ a dcat:Distribution ; dcat:accessURL <http://x.org/f> ; "
            "dct:license <http://no licence/> ; dcat:byteSize 'big' ] .",
            "warned",
            {"license_bad_address", "byte_size_wrong_type"},
        ),
        (f'<http://x.org/a> {GOOD} ; dct:publisher "office" .', "warned", {"publisher_not_a_reference"}),
        (f"<http://x.org/a> {GOOD} ; dct:publisher [ a foaf:Agent ] .", "warned", {"publisher_name_missing"}),
        (f'<http://x.org/a> {GOOD} ; dct:issued "2020", "2021" .', "warned", {"issued_too_many"}),
        (f'<http://x.org/a> {GOOD} ; dct:issued "last week" .', "warned", {"issued_bad_date"}),
        ('<http://x.org/c> a dcat:Catalog ; dcat:dataset <http://x.org/gone> .', "refused", {"not_described"}),
        (
            '<http://x.org/c> a dcat:Catalog ; dcat:dataset <http://x.org/a> . '
            '<http://x.org/a> dct:title "t" ; dct:description "d" .',
            "warned",
            {"type_missing"},
        ),
        (
            f"<http://x.org/c> a dcat:Catalog ; dcat:dataset <http://x.org/a> . <http://x.org/b> a dcat:Catalog ; "
            f"dcat:dataset <http://x.org/a> . <http://x.org/a> {GOOD} .",
            "accepted",
            set(),
        ),
        ('<http://x.org/s> a dcat:DatasetSeries ; dct:title "s" .', "refused", {"description_missing"}),
        ('<http://x.org/s> a dcat:DataService ; dct:title "s" .', "refused", {"endpoint_url_missing"}),
        (
            f"<http://x.org/a> {GOOD} . <http://x.org/r> a dcat:CatalogRecord ; foaf:primaryTopic <http://x.org/a> .",
            "warned",
            {"record_modified_missing"},
        ),
    ],
)  # fmt: skip
def test_what_decides(body: str, status: str, codes: set[str]) -> None:
    assert one(body) == (status, codes)


def test_the_reason_names_the_place_and_what_is_there_instead() -> None:
    broken = RDF_XML + b' xmlns:c="u:">\n<c:Dataset rdf:about="u:a">\n<c:x>text<c:y/></c:x></c:Dataset></rdf:RDF>'
    failure = read(broken).failure
    assert failure is not None and (failure.code, failure.line) == ("not_well_formed", 3)
    failure = read(PREFIXES + "<http://x.org/a> a foaf:Agent .").failure
    assert failure is not None and failure.message.endswith("http://xmlns.com/foaf/0.1/Agent")


def test_duplicate_identifiers_name_the_first() -> None:
    report = read(
        f'{PREFIXES} <http://x.org/a> {GOOD} ; dct:identifier "7" . <http://x.org/b> {GOOD} ; dct:identifier "7" .'
    )
    assert [e.status.value for e in report.entries] == ["accepted", "warned"]
    _first, second = report.entries
    assert "http://x.org/a" in next(f for f in second.findings if f.code == "duplicate_identifier").message


def test_refused_is_what_the_shapes_of_dcat_ap_miss(shapes: Graph) -> None:
    """The publisher's own shapes, run by another program, miss a mandatory property on just the refused ones."""
    graph = Graph().parse(data=CATALOGUE, format="turtle")
    _fine, results, _text = validate(graph, shacl_graph=shapes)
    short = {
        str(results.value(one, SH.focusNode))
        for one in results.subjects(SH.sourceConstraintComponent, SH.MinCountConstraintComponent)
    }
    assert short == {e.id for e in read(CATALOGUE).entries if e.status == "refused"} == {"http://x.org/untitled"}


def test_data_04_what_is_fit_is_stored_as_drafts_with_their_owner(
    town: SimpleNamespace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "catalogue.ttl"
    file.write_text(CATALOGUE)
    for stored in (3, 0):  # the second time they are known
        assert run(str(file), "--json", "--store", "46.ic", "--as", "editor") == 0
        assert json.loads(capsys.readouterr().out)["stored"] == {"stored": stored, "known": 3 - stored}
    drafts = api.resources(state=State.DRAFT)
    assert {one.title for one in drafts} == {"学校", "Late", "接口"}
    assert {(one.provider, one.openness.value, one.edition) for one in drafts} == {("46.ic", "closed", 0)}
    assert api.editions(drafts.rows[0].id)[0].editors == (town.people["editor"].ref,)
    for office, user in (("46.ic", "user"), ("46.nowhere", "editor"), ("46.ic", "nobody")):
        with pytest.raises(Refused):
            run(str(file), "--store", office, "--as", user)
    assert len(api.resources(state=State.DRAFT)) == 3


DATA_JSON: dict[str, Any] = {
    "title": "Schools",
    "description": "All schools",
    "keyword": ["school"],
    "modified": "2024-05-01",
    "publisher": {"name": "Office"},
    "contactPoint": {"fn": "Desk", "hasEmail": "mailto:desk@x.org"},
    "identifier": "1",
    "accessLevel": "public",
    "distribution": [{"downloadURL": "http://x.org/1.csv", "mediaType": "text/csv"}],
}


def test_data_json_and_ckan() -> None:
    schema = "https://project-open-data.cio.gov/v1.1/schema"
    rows = [
        DATA_JSON,
        {**DATA_JSON, "identifier": "2", "title": ""},
        DATA_JSON,
        {**DATA_JSON, "identifier": "4", "license": "not an address", "accessLevel": "all", "modified": "R/P1D"},
        {**DATA_JSON, "identifier": "5", "distribution": [{}]},
        "only a name",
    ]
    report = read(json.dumps({"@context": f"{schema}/catalog.jsonld", "conformsTo": schema, "dataset": rows}))
    assert report.format == "data.json-1.1"
    told = [(e.status.value, sorted(f.code for f in e.findings)) for e in report.entries]
    assert told == [
        ("accepted", []),
        ("refused", ["title_missing"]),
        ("refused", ["duplicate_identifier"]),
        ("warned", ["access_level_bad", "license_bad_address"]),
        ("refused", ["access_url_missing"]),
        ("refused", ["not_described"]),
    ]
    old = read(json.dumps([{**DATA_JSON, "publisher": "Office", "accessURL": "http://x.org/1", "distribution": []}]))
    assert (old.format, next(iter(old.entries)).status) == ("data.json-1.0", "accepted")
    package = {"id": "1", "title": "t", "notes": "d", "resources": [{"url": "http://x.org/1"}]}
    ckan = read(json.dumps({"success": True, "result": {"count": 2, "results": [package, {"id": "2", "title": "t"}]}}))
    assert [e.status.value for e in ckan.entries] == ["accepted", "refused"]


def test_t29_a_context_is_never_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "create_connection", never)
    monkeypatch.setattr(socket.socket, "connect", never)
    body = {"@id": "http://x.org/a", "@type": "Dataset", "title": ["学校"], "description": ["全部"]}
    known = "https://semiceu.github.io/DCAT-AP/releases/3.0.1/context/dcat-ap.jsonld"
    report = read(json.dumps({"@context": known, "@graph": [body]}, ensure_ascii=False))
    assert [(e.title, e.status.value) for e in report.entries] == [("学校", "accepted")]
    for unknown in ("http://127.0.0.1/c.jsonld", [known, "file:///etc/passwd"], {"@import": "http://169.254.169.254/"}):
        report = read(json.dumps({"@context": unknown, "@graph": [body]}))
        assert "context_not_fetched" in {f.code for f in report.findings} or report.failure


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\x00\x01\x02", "format_unknown"),
        (b"PK\x03\x04zip", "format_unknown"),
        (b"a,b,c\n1,2,3\n", "format_unknown"),
        (b"<!DOCTYPE html><html></html>", "web_page"),
        (b'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"/>', "xml_not_rdf"),
        (b'<!DOCTYPE r [<!ENTITY a "b">]>' + RDF_XML + b"/>", "doctype_refused"),
        (RDF_XML + b">", "not_well_formed"),
        (RDF_XML + b' xmlns:a="u:">' + b"<a:b>" * 100, "too_deep"),
        (RDF_XML + b" ".join(b' xmlns:a%d="u:%d"' % (n, n) for n in range(20_000)) + b"/>", "too_deep"),
        (b"[" * 100_000, "too_deep"),
        (b'{"dataset": ' + b"[" * 200 + b"]" * 200 + b"}", "too_deep"),
        (b'{"dataset": [1e99999, NaN]}', "not_well_formed"),
        (b'{"dataset": [', "not_well_formed"),
        (b'{"name": "x"}', "not_a_catalogue"),
        (b'{"success": false, "error": {}}', "ckan_error"),
        (PREFIXES.encode() + b'<http://x.org/a> a dcat:Dataset ; dct:title "never', "not_well_formed"),
        (PREFIXES.encode() + b"<http://x.org/a> a foaf:Agent .", "no_entries"),
        (gzip.compress(b"x" * 100, mtime=0)[:-12], "gzip_broken"),
        ("目录".encode() * 5 + b"\xff\xfe", "encoding"),
    ],
)  # fmt: skip
def test_t24_t33_files_that_are_refused_whole(
    content: bytes, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "in"
    file.write_bytes(content)
    assert run(str(file), "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["error"]["code"] == code
    assert (told["entries"], told["counts"]["entries"]) == ([], 0)
    assert run(str(file)) == 1
    assert code in capsys.readouterr().out


def test_t22_a_bomb_is_counted_while_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LARGEST", 3_000_000)
    report = read(gzip.compress(b" " * 50_000_000))
    assert report.failure is not None and report.failure.code == "too_large"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "gb18030", "cp1252"])
def test_encodings(encoding: str) -> None:
    text = CATALOGUE.lstrip()
    for zh in ("目录", "全部", "省数据局", "所有学校", "接口") if encoding == "cp1252" else ():
        text = text.replace(zh, "Straße – Übung")
    report = read((text.replace("学校", "Écoles") if encoding == "cp1252" else text).encode(encoding))
    assert next(iter(report.entries)).title == ("Écoles" if encoding == "cp1252" else "学校")
    assert ("not_utf8" in {f.code for f in report.findings}) == (encoding != "utf-8-sig")


def test_an_address_inside_is_not_fetched(capsys: pytest.CaptureFixture[str]) -> None:
    for url in ("http://127.0.0.1:9/c.ttl", "file:///etc/hostname", "http://[::1/"):
        assert run(url, "--json") == 1
        assert json.loads(capsys.readouterr().out)["error"]["code"] == "not_fetched"


def test_t33_no_broken_file_breaks_the_program() -> None:
    graph = Graph().parse(data=CATALOGUE, format="turtle")
    seeds = [graph.serialize(format=form, encoding="utf-8") for form in ("turtle", "xml", "nt", "json-ld")]
    seeds += [json.dumps({"dataset": [DATA_JSON]}).encode(), CATALOGUE.encode("gb18030")]
    chance = random.Random(7)
    for _turn in range(300):
        content = bytearray(chance.choice(seeds))
        for _change in range(chance.choice((1, 1, 4))):
            at = chance.randrange(len(content))
            if chance.random() < 0.3:
                content = content[: max(at, 1)]
            else:
                content[at] = chance.randrange(256)
        json.dumps(read(bytes(content)).as_json())
