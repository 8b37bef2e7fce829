"""Personal data as those see it who need not know it (security R4): 张*, 4601**********1234, 138****5678."""

from __future__ import annotations

import re

_SHAPES = (
    ("number", re.compile(r"\d{17}[\dXx]|\d{15}")),
    ("phone", re.compile(r"\+?\d[\d -]{6,14}")),
    ("email", re.compile(r"[^@]*@[^@]*")),
    ("other", re.compile(r".*\d.*", re.S)),
)
_ENDS = {"number": (4, 4), "phone": (3, 4), "other": (2, 2)}


def mask(value: object, kind: str = "") -> str:
    """The value with what identifies somebody hidden; its length stays, but for kinds that hide all.

    `kind`: none, name, number (identity numbers and the like), phone, email, address, other, all. Without it the shape
    of the value decides, and what looks like nothing else is a name.
    """
    text = str(value if value is not None else "").strip()
    kind = kind or next((name for name, shape in _SHAPES if shape.fullmatch(text)), "name")
    if not text or kind == "none":
        return text
    if kind == "name":
        return text[:1] + "*" * max(len(text) - 1, 1)
    if kind == "address":
        return text[:6] + "******"
    if kind == "email" and "@" in text:
        return f"{text[:1]}***@{text.partition('@')[2]}"
    head, tail = _ENDS.get(kind, (0, 0))
    if not head or len(text) <= head + tail:
        return "******"
    return text[:head] + "*" * (len(text) - head - tail) + text[-tail:]
