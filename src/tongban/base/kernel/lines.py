"""YAML as plain texts, lists and mappings, with the line each of them stands on: how packs are read (R16)."""

from __future__ import annotations

from typing import Any

import yaml

from .data import DefinitionError

MAX_CHARS = 1_000_000
MAX_DEPTH = 24

Path = tuple[str | int, ...]


class Lines:
    """Collects findings as ``file:line: what is wrong``, so that one run shows them all."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.findings: list[str] = []
        self._lines: dict[Path, int] = {}
        self.data = self._read(text)

    def _read(self, text: str) -> Any:
        if len(text) > MAX_CHARS:
            raise DefinitionError([f"{self.file}:1: longer than {MAX_CHARS} characters"])
        try:
            self._refuse_tricks(text)
            node = yaml.compose(text, Loader=yaml.BaseLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise DefinitionError([f"{self.file}:{line}: {error.problem}"]) from None
        except yaml.YAMLError as error:
            raise DefinitionError([f"{self.file}:1: {error}"]) from None
        data = self._plain(node, ()) if node else {}
        self.stop_if_wrong()
        return data

    def _refuse_tricks(self, text: str) -> None:
        """Anchors can be made to explode, tags name program types, deep nesting exhausts the stack: none is needed."""
        depth = 0
        for event in yaml.parse(text, Loader=yaml.BaseLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            tagged = getattr(event, "tag", None) not in (None, "!")
            if isinstance(event, yaml.AliasEvent) or tagged or depth > MAX_DEPTH:
                trick = "tags" if tagged else "anchors"
                what = "nested too deeply" if depth > MAX_DEPTH else f"{trick} are not allowed"
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise DefinitionError([f"{self.file}:{line}: {what}"])

    def _plain(self, node: yaml.Node, path: Path) -> Any:
        # Every scalar stays a text: codes such as 01, no and 1e3 must not turn into something else.
        self._lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.ScalarNode):
            return node.value
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(item, (*path, i)) for i, item in enumerate(node.value)]
        result: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in result:
                self.findings.append(f"{self.file}:{key.start_mark.line + 1}: {name!r} stands here twice")
            result[name] = self._plain(value, (*path, name))
        return result

    def wrong(self, path: Path, what: str) -> None:
        """Note a finding at ``path``."""
        self.findings.append(f"{self.file}:{self.line(path)}: {what}")

    def line(self, path: Path) -> int:
        """Where ``path`` stands, or the nearest thing around it that has a line."""
        while path not in self._lines and path:
            path = path[:-1]
        return self._lines.get(path, 1)

    def stop_if_wrong(self) -> None:
        """Raise all findings together."""
        if self.findings:
            raise DefinitionError(self.findings)
