"""The nouns every room uses: references, errors, events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Text: TypeAlias = str | _StrPromise
else:
    Text = str

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """Names one object anywhere in the product: its kind (`hall.case`) and its public id."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Ref:
        """The reference written as `kind:id`; `ValueError` when it is not one."""
        kind, colon, id_ = text.partition(":")
        if not (kind and colon and id_):
            raise ValueError(f"not a reference: {text!r}")
        return cls(kind, id_)


@dataclass(frozen=True)
class Event:
    """Something that happened. Subclasses are frozen dataclasses of JSON-able fields, named in the past tense."""

    kind: ClassVar[str] = ""


class TongbanError(Exception):
    """A verb's answer when it does not do its work; `message` is a sentence for the person at the screen."""

    status = 400
    default: Text = _("This could not be done.")

    def __init__(self, message: Text | None = None, code: str = "") -> None:
        self.message: Text = message if message is not None else self.default
        self.code = code
        super().__init__(message)

    def __str__(self) -> str:
        return str(self.message)


class Refused(TongbanError):
    """Not allowed, or not possible in the present state."""

    status = 403
    default = _("You are not allowed to do this.")


class NotFound(TongbanError):
    """No such object, or none that this person may know of."""

    status = 404
    default = _("There is nothing here under this number or address.")


class Invalid(TongbanError):
    """The input does not hold. `errors` has one message per field, keyed by the field's path (`holders.0.name`)."""

    status = 422
    default = _("Some answers need your attention.")

    def __init__(self, errors: Mapping[str, Text], message: Text | None = None) -> None:
        super().__init__(message)
        self.errors = dict(errors)

    def __str__(self) -> str:
        return "; ".join(f"{field}: {message}" for field, message in self.errors.items()) or str(self.message)


class Stale(TongbanError):
    """Somebody else changed the object in between. `changes` maps a field to its old and its present value."""

    status = 409
    default = _("Somebody changed this in the meantime. Look at what changed and decide again.")

    def __init__(self, message: Text | None = None, changes: Mapping[str, tuple[Any, Any]] | None = None) -> None:
        super().__init__(message)
        self.changes = dict(changes or {})


class DefinitionError(Exception):
    """A declared thing that cannot be used; `findings` are lines `file:line: what is wrong`."""

    def __init__(self, findings: Sequence[str]) -> None:
        super().__init__("\n".join(findings))
        self.findings = tuple(findings)
