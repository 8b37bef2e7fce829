"""Closed registries: filled while the program starts, then shut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """Named things of one kind, e.g. service verbs or permissions. Names are unique; unknown names raise `KeyError`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._items: dict[str, T] = {}
        self._closed = False

    def register(self, key: str, value: T) -> T:
        """Add `value` under `key`; `RuntimeError` once closed or when the key is taken by something else."""
        if self._closed:
            raise RuntimeError(f"the registry of {self.name} is closed; {key!r} came too late")
        if key in self._items and self._items[key] is not value:
            raise RuntimeError(f"the registry of {self.name} has two entries for {key!r}")
        self._items[key] = value
        return value

    def __call__(self, key: str) -> Callable[[T], T]:
        """As a decorator: `@verbs("licences.issue")`."""
        return lambda value: self.register(key, value)

    def get(self, key: str) -> T:
        """The entry; `KeyError` names the registry when there is none."""
        try:
            return self._items[key]
        except KeyError:
            raise KeyError(f"no {self.name} named {key!r}") from None

    def close(self) -> None:
        """Nothing more may be added."""
        self._closed = True

    def __contains__(self, key: str) -> bool:
        return key in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._items))

    def items(self) -> list[tuple[str, T]]:
        """Entries sorted by name."""
        return sorted(self._items.items())
