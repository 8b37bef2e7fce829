"""Published definitions: the current one by key, every former one by digest."""

from __future__ import annotations

import pytest

from tongban.base.kernel.api import DefinitionError, NotFound, Ref
from tongban.base.ledger import api as ledger
from tongban.engine.forms import api
from tongban.engine.forms.data import FormDefinition

from .conftest import FORM, code_sets, fields_of_registers

pytestmark = pytest.mark.django_db


def publish(text: str) -> FormDefinition:
    return api.publish(text, "e.yaml", fields_of_registers, code_sets)


def test_the_former_definition_stays_for_those_who_began_with_it() -> None:
    first = publish(FORM)
    second = publish(FORM.replace("章程", "公司章程"))
    assert api.current("enterprise") == second != first
    assert api.definition(first.digest) == first
    back = publish(FORM)
    assert api.current("enterprise") == back == first
    assert len(ledger.history(Ref("forms.definition", "enterprise"))) == 3


def test_publishing_the_same_again_leaves_no_trace() -> None:
    publish(FORM)
    publish(FORM)
    assert len(ledger.history(Ref("forms.definition", "enterprise"))) == 1


def test_a_broken_definition_changes_nothing() -> None:
    good = publish(FORM)
    with pytest.raises(DefinitionError):
        publish(FORM.replace("type: money", "type: mony"))
    assert api.current("enterprise") == good


def test_unknown_forms_are_not_found() -> None:
    with pytest.raises(NotFound):
        api.current("nothing")
    with pytest.raises(NotFound):
        api.definition("0" * 64)
