"""Runs a DMN technology compatibility kit: every `*-test-*.xml` beside its models, one verdict a case."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path

from . import compare, temporal
from .data import BudgetExceeded, CaseResult, ForeignValue, ModelError
from .model import Evaluation, Model, load_dmn
from .run import Run
from .scanner import normal_name
from .sheet import Element, child, children, plain_text, read_xml, tag, text_in
from .values import Value, number, text_of

STEPS = 400_000
SECONDS = 5.0
_TOLERANCE = Decimal("0.00000001")
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"


def run_kit(folder: Path) -> Iterator[CaseResult]:
    """The verdict on each case below a folder, in the order of its paths."""
    for path in sorted(folder.rglob("*.xml")):
        yield from _run_file(path)


def _run_file(path: Path) -> Iterator[CaseResult]:
    """The cases of one file; nothing for XML that is something else than tests."""
    try:
        root = read_xml(path.read_bytes())
    except (ModelError, OSError) as error:
        if "-test" in path.name:
            yield CaseResult(path.name, "", "refused", str(error))
        return
    if tag(root) != "testCases":
        return
    name = (text_in(root, "modelName") or path.parent.name).strip()
    cases = list(children(root, "testCase"))
    try:
        model = _Library(path.parent).load(name)
    except (ModelError, OSError) as error:
        for case in cases:
            yield CaseResult(name, case.get("id", ""), "refused", str(error)[:500])
        return
    except Exception as error:  # as below
        for case in cases:
            yield CaseResult(name, case.get("id", ""), "failed", f"internal {type(error).__name__}: {error}"[:500])
        return
    for case in cases:
        yield _run_case(name, model, case)


class _Library:
    """The models of one folder, loaded with what they import."""

    def __init__(self, folder: Path) -> None:
        self._paths: dict[str, Path] = {}
        self._spaces: dict[Path, str] = {}
        self._folder = folder
        self._loaded: dict[Path, Model] = {}
        self._loading: set[Path] = set()
        for path in sorted(folder.glob("*.dmn")):
            try:
                self._spaces[path] = read_xml(path.read_bytes()).get("namespace", "")
            except (ModelError, OSError):
                continue
            self._paths.setdefault(self._spaces[path], path)

    def load(self, name: str) -> Model:
        path = self._folder / Path(name).name
        path = path if path.suffix == ".dmn" or path.is_file() else path.with_name(path.name + ".dmn")
        if not path.is_file() and len(self._spaces) == 1:
            path = next(iter(self._spaces))  # a folder with one model needs no right name for it
        return self._load(path)

    def _load(self, path: Path) -> Model:
        if path in self._loaded:
            return self._loaded[path]
        self._loading.add(path)
        data = path.read_bytes()
        imports = {}
        for declared in children(read_xml(data), "import"):
            namespace = declared.get("namespace", "")
            beside = self._folder / Path(declared.get("locationURI") or "-").name
            named = beside if self._spaces.get(beside) == namespace else self._paths.get(namespace)
            found = named or (beside if beside.suffix == ".dmn" and beside.is_file() else None)
            if found is not None and found not in self._loading:  # in a circle, what closes it stays unknown
                imports[namespace] = self._load(found)
        self._loaded[path] = load_dmn(data, imports, strict=False)
        self._loading.discard(path)
        return self._loaded[path]


def _run_case(name: str, model: Model, case: Element) -> CaseResult:
    identifier = case.get("id", "")
    run = Run(STEPS, SECONDS)
    try:
        inputs = {normal_name(node.get("name", "")): value_in(node) for node in children(case, "inputNode")}
        for node in children(case, "resultNode"):
            fault = _check(model, case, node, inputs, run)
            if fault:
                if run.refusals:
                    return CaseResult(name, identifier, "refused", "; ".join(run.refusals))
                return CaseResult(name, identifier, "failed", fault[:500])
    except (BudgetExceeded, ForeignValue, KeyError) as error:
        return CaseResult(name, identifier, "failed", f"{type(error).__name__}: {error}"[:500])
    except Exception as error:  # the report must go on, whatever a model brings about
        return CaseResult(name, identifier, "failed", f"internal {type(error).__name__}: {error}"[:500])
    return CaseResult(name, identifier, "passed")


def _check(model: Model, case: Element, node: Element, inputs: dict[str, Value], run: Run) -> str:
    """What is wrong with one result; empty when it is as expected."""
    name = node.get("name", "")
    invoked = case.get("invocableName") or name
    kind = case.get("type", "decision")
    if kind == "decision":
        target = model.find(name, "decision") or model.find(invoked)
    else:
        target = model.find(invoked, "decisionService" if kind == "decisionService" else "businessKnowledgeModel")
    expected_error = node.get("errorResult") in ("true", "1")
    if target is None:
        return "" if expected_error else f"there is no {name!r}"
    actual = Evaluation(model, inputs, run).outcome(target)
    if kind == "decisionService" and type(actual) is dict and normal_name(name) in actual:
        service_outputs = len(list(children(target.element, "outputDecision")))
        actual = actual[normal_name(name)] if service_outputs > 1 else actual
    if expected_error and actual is None:
        return ""
    holder = child(node, "expected")
    expected = None if holder is None else value_in(holder)
    if agrees(expected, actual):
        return ""
    return f"{name}: expected {text_of(expected)}, got {text_of(actual)}"


def agrees(expected: Value, actual: Value) -> bool:
    """Equality as the kit's own runner has it: numbers within 1e-8, everything else by value."""
    if type(expected) is Decimal and type(actual) is Decimal:
        return abs(expected - actual) <= _TOLERANCE
    if isinstance(expected, temporal.Months | temporal.Span) and not _amount(expected) and not _amount(actual):
        return isinstance(actual, temporal.Months | temporal.Span)  # P0M and PT0S are one xs:duration
    if type(expected) is list and type(actual) is list:
        return len(expected) == len(actual) and all(map(agrees, expected, actual))
    if type(expected) is dict and type(actual) is dict:
        return expected.keys() == actual.keys() and all(agrees(v, actual[k]) for k, v in expected.items())
    return compare.equal(expected, actual) is True


def _amount(value: Value) -> int:
    return value.months if isinstance(value, temporal.Months) else getattr(value, "nanos", 1)


def value_in(holder: Element) -> Value:
    """The value an inputNode, expected, item or component holds."""
    if holder.get(f"{_XSI}nil") in ("true", "1"):
        return None
    items = child(holder, "list")
    if items is not None:
        nil = items.get(f"{_XSI}nil") in ("true", "1")
        return None if nil else [value_in(item) for item in children(items, "item")]
    parts = list(children(holder, "component"))
    if parts:
        return {normal_name(part.get("name", "")): value_in(part) for part in parts}
    value = child(holder, "value")
    if value is None or value.get(f"{_XSI}nil") in ("true", "1"):
        return None
    return _typed(plain_text(value), value.get(f"{_XSI}type", ""))


def _typed(text: str, kind: str) -> Value:
    kind = kind.rpartition(":")[2]
    trimmed = text.strip()
    if kind in ("decimal", "double", "float", "integer", "int", "long", "short", "nonNegativeInteger"):
        return number(Decimal(trimmed))
    if kind == "boolean":
        return trimmed in ("true", "1")
    if kind == "date":
        return temporal.parse_date(trimmed)
    if kind == "time":
        return temporal.parse_time(trimmed)
    if kind == "dateTime":
        return temporal.parse_date_time(trimmed)
    if kind in ("duration", "dayTimeDuration", "yearMonthDuration"):
        return temporal.parse_duration(trimmed)
    return text


def report(folder: Path, as_json: bool) -> int:
    """Print the verdicts; 0 when the kit ran, whatever the verdicts; 2 when there was nothing to run."""
    counts = {"passed": 0, "failed": 0, "refused": 0}
    try:
        for result in run_kit(folder):
            counts[result.result] += 1
            if as_json:
                sys.stdout.write(json.dumps(asdict(result)) + "\n")
            elif result.result != "passed":
                line = f"{result.result}: {result.model} {result.case}: {result.detail}"
                sys.stdout.write(line.encode("ascii", "backslashreplace").decode() + "\n")
        if not as_json:
            sys.stdout.write(", ".join(f"{count} {verdict}" for verdict, count in counts.items()) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    if not any(counts.values()):
        sys.stderr.write(f"no test cases below {folder}\n")
        return 2
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true", dest="as_json")
    args = parser.parse_args(argv)
    return report(args.folder, args.as_json)


if __name__ == "__main__":
    sys.exit(main())
