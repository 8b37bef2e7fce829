"""Answers as those see them who need not know them (security R4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping


def _middle(text: str, head: int, tail: int) -> str:
    if len(text) <= head + tail:
        return "*" * len(text)
    return text[:head] + "*" * (len(text) - head - tail) + text[len(text) - tail :]


MASKS: Mapping[str, Callable[[str], str]] = {
    "none": lambda text: text,
    "name": lambda text: text[:1] + "*" * max(len(text) - 1, 1),
    "number": lambda text: _middle(text, 4, 4),
    "phone": lambda text: _middle(text, 3, 4),
    "address": lambda text: text[:6] + "******",
    "all": lambda text: "******",
}
