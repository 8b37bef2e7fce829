"""Check digits of GB 11643, GB 11714 and GB 32100 for many numbers at once; each row is one number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

ALPHABET = np.frombuffer(b"0123456789ABCDEFGHJKLMNPQRTUWXY", dtype=np.uint8)
"""The 31 symbols of a credit code: no I, O, S, V, Z."""

_IDENTITY_WEIGHTS = np.array((7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), dtype=np.int16)
_IDENTITY_CHECKS = np.frombuffer(b"10X98765432", dtype=np.uint8)
_ORG_WEIGHTS = np.array((3, 7, 9, 10, 5, 8, 4, 2), dtype=np.int16)
_ORG_CHECKS = np.frombuffer(b"0X987654321", dtype=np.uint8)  # by the remainder of 11
_CREDIT_WEIGHTS = np.array([pow(3, i, 31) for i in range(17)], dtype=np.int16)

_credit_value = np.zeros(128, dtype=np.int16)
_credit_value[ALPHABET] = np.arange(31)
_alnum_value = np.zeros(128, dtype=np.int16)
_alnum_value[np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", dtype=np.uint8)] = np.arange(36)


def put_number(codes: Bytes, start: int, width: int, values: NDArray[np.int64]) -> None:
    """Write whole numbers as ASCII digits, zero-padded, into columns `start` … `start + width`."""
    rest = values.astype(np.int64)
    for column in range(start + width - 1, start - 1, -1):
        rest, digit = np.divmod(rest, 10)
        codes[:, column] = digit + 48


def identity_checks(codes: Bytes) -> Bytes:
    """Check characters for the first 17 columns (GB 11643)."""
    checks: Bytes = _IDENTITY_CHECKS[(codes[:, :17].astype(np.int16) - 48) @ _IDENTITY_WEIGHTS % 11]
    return checks


def org_checks(codes: Bytes) -> Bytes:
    """Check characters for eight columns (GB 11714)."""
    checks: Bytes = _ORG_CHECKS[_alnum_value[codes[:, :8]] @ _ORG_WEIGHTS % 11]
    return checks


def credit_checks(codes: Bytes) -> Bytes:
    """Check characters for the first 17 columns (GB 32100)."""
    checks: Bytes = ALPHABET[(31 - _credit_value[codes[:, :17]] @ _CREDIT_WEIGHTS % 31) % 31]
    return checks


def texts(codes: Bytes) -> list[str]:
    """Rows of ASCII bytes as Python strings."""
    rows, width = codes.shape
    whole = np.ascontiguousarray(codes).tobytes().decode("ascii")
    return [whole[start : start + width] for start in range(0, rows * width, width)]
