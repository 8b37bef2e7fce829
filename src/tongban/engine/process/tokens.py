"""The state of an instance: tokens in frames. Small, plain, and the only thing a step changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

_SHORT = {
    "id": "i",
    "node": "n",
    "frame": "f",
    "state": "s",
    "via": "v",
    "owner": "o",
    "index": "x",
    "total": "t",
    "done": "d",
    "local": "l",
    "timers": "m",
    "task": "k",
    "note": "e",
}


@dataclass(slots=True)
class Token:
    """One token at rest at a node.

    `state` says what it waits for: task, call (a verb about to run), message, timer, event (an event-based
    gateway),
    join, scope (its sub-process), loop (its instances), held (only in generated runs) or incident.
    `owner` is the loop token of which this is instance number `index`; `timers` maps a node to due time and
    repeats.
    """

    id: int
    node: str
    frame: int
    state: str = ""
    via: str = ""
    owner: int = 0
    index: int = 0
    total: int = 0
    done: int = 0
    local: dict[str, Any] = field(default_factory=dict)
    timers: dict[str, list[Any]] = field(default_factory=dict)
    task: str = ""
    note: str = ""

    def dump(self) -> dict[str, Any]:
        """As JSON, defaults left out."""
        pairs = ((short, getattr(self, name)) for name, short in _SHORT.items())
        return {short: value for short, value in pairs if value not in ("", 0, {})}

    @classmethod
    def load(cls, body: Mapping[str, Any]) -> Token:
        return cls(**{name: body[short] for name, short in _SHORT.items() if short in body})


@dataclass(slots=True)
class Frame:
    """A running scope; `owner` is the token of the activity that runs it, 0 for a process."""

    id: int
    scope: str
    owner: int = 0


@dataclass(slots=True)
class State:
    """All there is to know about a running instance besides its definition. `passed` has a bit for each
    node."""

    last: int = 0
    tokens: dict[int, Token] = field(default_factory=dict)
    frames: dict[int, Frame] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    status: str = "running"
    ended: list[str] = field(default_factory=list)
    passed: int = 0
    error: str = ""

    def dump(self) -> dict[str, Any]:
        """As JSON, without the variables, which are stored beside it."""
        return {
            "q": self.last,
            "t": [token.dump() for token in self.tokens.values()],
            "f": [[f.id, f.scope, f.owner] for f in self.frames.values()],
            "e": self.ended,
            "p": f"{self.passed:x}",
        } | ({"r": self.error} if self.error else {})

    @classmethod
    def load(cls, body: Mapping[str, Any], variables: Mapping[str, Any], status: str) -> State:
        """What `dump` gave, read back."""
        tokens = [Token.load(t) for t in body["t"]]
        frames = [Frame(*f) for f in body["f"]]
        return cls(
            last=body["q"],
            tokens={t.id: t for t in tokens},
            frames={f.id: f for f in frames},
            variables=dict(variables),
            status=status,
            ended=list(body["e"]),
            passed=int(body["p"], 16),
            error=body.get("r", ""),
        )

    def copy(self) -> State:
        return deepcopy(self)

    def within(self, frame: int) -> list[Token]:
        """Tokens of this very frame."""
        return [t for t in self.tokens.values() if t.frame == frame]

    def incidents(self) -> list[Token]:
        return [t for t in self.tokens.values() if t.state == "incident"]

    def timers(self) -> Iterator[tuple[int, str, str]]:
        """Every armed timer: token, node, due time."""
        for token in self.tokens.values():
            for node, (due, _left) in token.timers.items():
                yield token.id, node, due

    def chain(self, frame: int, token: Token | None = None) -> Iterable[Token]:
        """The tokens whose own variables are seen from a place, innermost first."""
        if token is not None:
            yield token
        while owner := self.frames[frame].owner:
            inner = self.tokens[owner]
            yield inner
            frame = inner.frame

    def seen(self, frame: int, token: Token | None = None) -> dict[str, Any]:
        """The variables seen from a place: the instance's, shadowed by those of the loop instances around
        it."""
        found = dict(self.variables)
        for around in reversed(list(self.chain(frame, token))):
            found.update(around.local)
        return found
