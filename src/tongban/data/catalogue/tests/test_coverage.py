"""Networks and systems of organs in figures (NET-05, DATA-03)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tongban.base.kernel.api import Ref, system
from tongban.data.catalogue import figures
from tongban.engine.registers import api as registers

PACK = Path(__file__).resolve().parents[5] / "packs/e_government_resources/registers"
NETWORKS = (
    ("示范省市场监督管理局", "classified", "accredited", "2020-01-01"),
    ("示范省市场监督管理局", "ordinary", "built", None),
    ("示范省税务局", "ordinary", "planned", None),
)


@pytest.fixture
def pack(town: SimpleNamespace) -> Iterator[None]:
    registers.forget_definitions()
    registers.apply([registers.parse(file.read_text(), file.name) for file in sorted(PACK.glob("*.yaml"))])
    yield
    registers.forget_definitions()


def test_coverage_is_counted_from_the_registers(pack: None) -> None:
    write = {"by": Ref("identity.person", "job"), "reason": "登记", "source": "test"}
    with system():
        for organisation, network, state, inspected in NETWORKS:
            values = {"organisation": organisation, "tier": "province", "network": network, "state": state}
            registers.write("network_site", values | {"next_inspection": inspected}, **write)
        for title, state in (("甲", "hosted"), ("乙", "docked"), ("丙", "docked")):
            values = {"title": title, "organisation": "示范省税务局", "state": state}
            registers.write("application_system", values, **write)
        found = figures.coverage()
    assert found is not None
    assert (found.organs, found.networked, found.accredited, found.overdue) == (4, 1, 1, 1)
    assert found.share == 0.25 and sorted(found.systems.values()) == [1, 2]


def test_without_the_pack_there_are_no_such_figures(town: SimpleNamespace) -> None:
    registers.forget_definitions()
    assert figures.coverage() is None
