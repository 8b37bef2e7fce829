"""The registers of the pack, and two small invented laws as files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tongban.engine.registers import api as registers

ROOT = Path(__file__).resolve().parents[5]

FIRST = """# 中华人民共和国示范法

2010年3月1日 第十一届全国人民代表大会常务委员会第五次会议通过

<!-- INFO END -->

## 第一章 总则

第一条 为了示范，制定本法。

第二条 本法所称示范，包括下列事项：

（一）举例；

（二）说明。

前款规定以外的事项，由国务院规定。

## 第二章 附则

第三条 申请人应当提交三份材料。

第四条 本法自2010年5月1日起施行。
"""
SECOND = (
    FIRST.replace("通过\n", "通过\n\n2020年6月1日 第十三届全国人民代表大会常务委员会第九次会议修正\n")
    .replace("第四条 本法", "第五条 本法")
    .replace("第三条 申请人应当提交三份材料。", "第三条 示范应当真实。\n\n第四条 申请人应当提交两份材料。")
)


@pytest.fixture
def base(db: None) -> Iterator[None]:
    registers.forget_definitions()
    folder = ROOT / "packs/laws/registers"
    registers.apply([registers.parse(file.read_text("utf-8"), file.name) for file in sorted(folder.glob("*.yaml"))])
    yield
    registers.forget_definitions()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "示范类").mkdir()
    (tmp_path / "示范类" / "示范法(2010-03-01).md").write_text(FIRST, "utf-8")
    (tmp_path / "示范类" / "示范法(2020-06-01).md").write_text(SECOND, "utf-8")
    return tmp_path
