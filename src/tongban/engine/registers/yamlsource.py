"""YAML with line numbers, and without what makes YAML dangerous: aliases, tags, repeated keys (R16)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from .data import Finding

MAX_CHARACTERS = 256 * 1024
MAX_DEPTH = 12


@dataclass(frozen=True)
class Node:
    """A YAML value that remembers its line. `value` is a scalar, a list of nodes, or a dict of nodes."""

    value: Any
    line: int

    def plain(self) -> Any:
        """The value without lines."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


def load(text: str, file: str) -> tuple[Node | None, list[Finding]]:
    """The document as nodes, and what is wrong with it as YAML."""
    if len(text) > MAX_CHARACTERS:
        return None, [Finding(file, 1, f"the file is longer than {MAX_CHARACTERS} characters")]
    try:
        findings = list(_dangers(text, file))
        if findings:
            return None, findings
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is None:
            return None, [Finding(file, 1, "the file is empty")]
        return _node(root, file, findings, 0), findings
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        return None, [Finding(file, line, f"not YAML: {error.problem or error.context}")]
    except (yaml.YAMLError, ValueError) as error:
        return None, [Finding(file, 1, f"not YAML: {error}")]


def _dangers(text: str, file: str) -> Iterator[Finding]:
    """Aliases grow a small file without bound; tags other than the standard ones name program types."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            yield Finding(file, line, "aliases (*name) are not allowed")
        elif (tag := getattr(event, "tag", None)) not in (None, "!"):
            yield Finding(file, line, f"the tag {tag} is not allowed")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                yield Finding(file, line, "nested too deeply")
                return
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _node(node: yaml.Node, file: str, findings: list[Finding], depth: int) -> Node:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        pairs: dict[str, Node] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in pairs:
                findings.append(Finding(file, key_node.start_mark.line + 1, f"{key} appears twice"))
            pairs[key] = _node(value_node, file, findings, depth + 1)
        return Node(pairs, line)
    if isinstance(node, yaml.SequenceNode):
        return Node([_node(item, file, findings, depth + 1) for item in node.value], line)
    return Node(_scalar(node), line)


def _scalar(node: yaml.Node) -> Any:
    """The scalar as YAML's safe types. Dates stay text: a definition has none."""
    constructor = yaml.constructor.SafeConstructor()
    if node.tag in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:int", "tag:yaml.org,2002:null"):
        return constructor.construct_object(node)
    return node.value
