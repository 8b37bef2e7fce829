"""Mapping files: what is wrong is said with file and line, all at once."""

from __future__ import annotations

import pytest

from tongban.base.kernel.api import DefinitionError
from tongban.data.node.api import load_mapping, load_sink

GOOD = """
name: residents
resource: "3070100001/1"
schema: 2
source: {kind: csv, path: /data/residents.csv}
every: 1h
key: id_number
items:
  id_number: {column: 身份证号, convert: [narrow, upper]}
  name: 姓名
  birth: {column: 出生日期, type: date, form: yyyy年M月d日}
  sex: {column: 性别, codes: {男: "1", 女: "2"}}
  division: {constant: "460100"}
  minor: {feel: 'if birth > "2008-01-01" then "yes" else "no"'}
"""


def test_a_good_file_says_where_each_item_comes_from() -> None:
    mapping = load_mapping(GOOD, "residents.yaml")
    assert mapping.shape == "3070100001/1@2" and mapping.every == 3600 and mapping.key == ("id_number",)
    assert mapping.columns == ("身份证号", "姓名", "出生日期", "性别")
    assert mapping.items[0].required and not mapping.items[1].required


@pytest.mark.parametrize(
    ("before", "after", "finding"),
    [
        ("key: id_number", "key: number", "residents.yaml:7: the key names 'number'"),
        ("type: date", "type: dato", "residents.yaml:11: 'dato' is not one of"),
        ("form: yyyy年M月d日", "form: jjjj", "residents.yaml:11: 'jjjj' is not a form of dates"),
        ("[narrow, upper]", "[narrow, eval]", "residents.yaml:9: 'eval' is not one of"),
        ('"yes" else', "(", "residents.yaml:14: not FEEL"),
        ("if birth >", "if other >", "residents.yaml:14: the expression reads 'other'"),
        ("kind: csv", "kind: shell", "residents.yaml:5: 'shell' is not one of"),
        ("path: /data", "paht: /data", "residents.yaml:5: unknown word 'paht'"),
        ("kind: csv, path: /data/residents.csv", "kind: sql, table: t, url: 'mysql://me:word@db/x'", "no password in"),
        ("every: 1h", "every: often", "residents.yaml:6: 'often' is not a duration"),
        ("name: 姓名", "name: !!python/object:os.system x", "residents.yaml:10: tags are not allowed"),
        ("division:", "cd_batch:", "residents.yaml:13: 'cd_batch' is not an item's name"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(before: str, after: str, finding: str) -> None:
    assert before in GOOD
    with pytest.raises(DefinitionError) as refused:
        load_mapping(GOOD.replace(before, after, 1), "residents.yaml")
    assert finding in str(refused.value)


def test_a_sink_is_checked_the_same_way() -> None:
    with pytest.raises(DefinitionError, match=r"s.yaml:3: 'ftp' is not one of"):
        load_sink('name: s\nresource: "1/1"\nsink: {kind: ftp}\n', "s.yaml")
