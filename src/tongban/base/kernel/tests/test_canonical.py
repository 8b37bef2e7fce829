"""What is hashed has one form: sorted, without spaces, and without floats."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tongban.base.kernel.api import Ref, canonical


def test_equal_values_give_equal_bytes() -> None:
    value = {"b": (1, Decimal("2.50")), "a": date(2026, 11, 22), "c": {"x", "w"}, "r": Ref("a.b", "1")}
    assert canonical(value) == canonical(dict(reversed(value.items())))
    assert canonical(value).startswith(b'{"a":"2026-11-22","b":[1,"2.50"],"c":["w","x"],"r":')


@pytest.mark.parametrize("value", [0.1, {"a": [{"b": 1.0}]}, float("nan")])
def test_a_float_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="is a float"):
        canonical(value)
