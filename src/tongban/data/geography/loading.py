"""Bringing divisions and features in."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, Ref
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import BulkReport, RegisterDefinition

from .data import DIVISION, NAME, Finding, Report
from .extents import refresh
from .layers import geometry_of
from .lookup import short_form
from .shapes import BadGeometry, judged

_MOST_BYTES = 200 << 20
_SAMPLES = 10


def load_divisions(
    divisions: Path, areas: Sequence[Path] = (), names: Path | None = None, *, by: Ref | None = None, remark: str = ""
) -> Report:
    """Divisions from `code,name,level,parent`; their areas from GeoJSON whose `gb` is 156 and six digits; other names
    from `name,division,kind,until`. Loading the same again changes nothing.
    """
    known, wrong = _areas(areas)
    rows = []
    with divisions.open(encoding="utf-8-sig") as lines:
        for row in csv.DictReader(lines):
            code, area = row["code"].ljust(12, "0"), known.get(row["code"].ljust(12, "0"))
            short = short_form(row["name"], row["level"]) or None
            parent = row.get("parent") or None
            rows.append((code, row["name"], short, row["level"], parent, area, remark if area else None))
    with transaction.atomic():
        columns = ("code", "name", "short", "rank", "parent", "geometry", "remark")
        made = registers.bulk(DIVISION, columns, rows, source="civil_affairs", by=by, reason="divisions")
        refresh(DIVISION)
        if names is not None:
            with names.open(encoding="utf-8-sig") as lines:
                other = [
                    (row["name"], row["division"].ljust(12, "0"), row["kind"], row["until"] or None)
                    for row in csv.DictReader(lines)
                ]
            registers.bulk(
                NAME, ("name", "division", "kind", "until"), other, source="civil_affairs", by=by, reason="names"
            )
    return _report(made, len(rows), 0, wrong)


def _areas(files: Sequence[Path]) -> tuple[dict[str, str], list[Finding]]:
    found: dict[str, str] = {}
    wrong: list[Finding] = []
    for file in files:
        for one in json.loads(file.read_text("utf-8"))["features"]:
            code = str(one["properties"].get("gb", "")).removeprefix("156").ljust(12, "0")
            try:
                geometry, _warning = judged(one["geometry"])
            except BadGeometry as bad:
                wrong.append(Finding("geometry", "error", 1, str(bad), (code,)))
                continue
            if geometry:
                found[code] = json.dumps(geometry)
    return found, wrong


def import_features(key: str, source: Path | Mapping[str, Any], *, by: Ref | None = None) -> Report:
    """A GeoJSON FeatureCollection into a layer: properties by the names of the register's fields.

    A feature without its number, with a geometry that cannot be kept, or that breaks a rule of the register stays out
    and is named in the findings; crossed borders are mended with a warning. `Invalid` for a file that cannot be read.
    """
    register = registers.definition(key)
    geometry = geometry_of(register)
    if not geometry:
        raise Invalid({"layer": _("This register has no geometry.")})
    features = _features(source)
    findings = _Findings()
    rows = _rows(register, geometry, features, findings)
    names = [field.name for field in register.live if field.type != "place"]
    with transaction.atomic():
        made = registers.bulk(key, names, rows, source="geojson", by=by, reason="import")
        refresh(key)
    return _report(made, len(features), len(features) - len(rows), findings.all())


def _features(source: Path | Mapping[str, Any]) -> list[Any]:
    if isinstance(source, Path):
        if source.stat().st_size > _MOST_BYTES:
            raise Invalid({"file": _("The file is too large.")})
        try:
            source = json.loads(source.read_text("utf-8-sig"))
        except (ValueError, RecursionError):
            raise Invalid({"file": _("This is not a GeoJSON file in UTF-8.")}) from None
    found = source.get("features") if isinstance(source, Mapping) else None
    if not isinstance(found, list):
        raise Invalid({"file": _("A FeatureCollection with a list of features is expected.")})
    return found


class _Findings:
    """Findings gathered by kind, with the numbers of some features each."""

    def __init__(self) -> None:
        self.seen: dict[tuple[str, str, str], list[str]] = {}

    def add(self, code: str, level: str, message: str, name: str) -> None:
        self.seen.setdefault((code, level, message), []).append(name)

    def all(self) -> list[Finding]:
        return [Finding(c, lv, len(names), m, tuple(names[:_SAMPLES])) for (c, lv, m), names in self.seen.items()]


def _rows(
    register: RegisterDefinition, geometry: str, features: list[Any], findings: _Findings
) -> list[tuple[Any, ...]]:
    fields = [field for field in register.live if field.type != "place"]
    rows = []
    for position, one in enumerate(features, 1):
        properties = one.get("properties") if isinstance(one, Mapping) else None
        if not isinstance(properties, Mapping):
            findings.add("feature", "error", "a feature is an object with properties", f"#{position}")
            continue
        name = str(properties.get(register.natural_key[0]) or f"#{position}")
        try:
            made, warning = judged(one.get("geometry"))
        except BadGeometry as bad:
            findings.add("geometry", "error", str(bad), name)
            continue
        if warning:
            findings.add("mended", "warning", "a border that crosses itself was mended", name)
        for unknown in sorted(set(properties) - set(register.by_name)):
            findings.add("unknown", "warning", f"the layer has no item {unknown!r}", name)
        rows.append(
            tuple(
                (json.dumps(made) if made else None) if field.name == geometry else _cell(properties.get(field.name))
                for field in fields
            )
        )
    return rows


def _cell(value: Any) -> Any:
    if isinstance(value, Mapping | list):
        return json.dumps(value, ensure_ascii=False)
    return None if value == "" else value if value is None else str(value)


def _report(made: BulkReport, received: int, refused: int, findings: list[Finding]) -> Report:
    rules = [Finding(f"{f.field}.{f.rule}", f.level, f.count, f.rule, f.samples) for f in made.findings]
    return Report(received, made.inserted, made.updated, made.unchanged, refused + made.refused, (*findings, *rules))
