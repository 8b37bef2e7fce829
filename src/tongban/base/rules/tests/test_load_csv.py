"""Decision tables as CSV: every hit policy, and errors that name row and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from tongban.base.rules.api import from_feel, load_table_csv
from tongban.base.rules.data import TableError


def table(policy: str, extra: str = "") -> str:
    rows = [f"{policy},in: score,out: grade", '1,< 60,"""C"""', '2,>= 60,"""B"""', '3,>= 90,"""A"""']
    return "\n".join(rows) + "\n" + extra


RANKED = 'allowed,,"""A"",""B"",""C"""\n'


@pytest.mark.parametrize(
    ("policy", "score", "expected"),
    [
        ("U", 50, "C"),
        ("U", 95, None),
        ("F", 95, "B"),
        ("A", 70, "B"),
        ("A", 95, None),
        ("P", 95, "A"),
        ("R", 95, ["B", "A"]),
        ("O", 95, ["A", "B"]),
        ("C", 95, ["B", "A"]),
        ("C#", 95, 2),
        ("C<", 95, "A"),
        ("C>", 95, "B"),
        ("C", None, []),
        ("C#", None, 0),
        ("U", None, None),
    ],
)
def test_hit_policies(policy: str, score: int | None, expected: object) -> None:
    text = table(policy, RANKED if policy in "PO" else "")
    assert from_feel(load_table_csv(text, "grades").decide({"score": score})) == expected


def test_sum_is_collected() -> None:
    text = "C+,in: days,out: fee\n,> 0,10\n,> 5,days * 2\n"
    assert load_table_csv(text, "fees").decide({"days": 6}) == 22
    assert load_table_csv(text, "fees").decide({"days": 0}) is None


def test_several_outputs_make_a_context_with_defaults() -> None:
    text = (
        "\ufeffF,in: 注册资本,in: kind,out: fee,out: office,note\r\n"
        'allowed,,"""个体"",""公司""",,,\r\n'
        '1,< 500000,-,0,"""区""",小微企业免收\r\n'
        "\r\n"
        '2,>= 500000,"""公司""",注册资本 * 0.001,"""市""",\r\n'
        'default,,,null,"""省""",\r\n'
    )
    made = load_table_csv(text, "fees")
    assert made.names == {"注册资本", "kind"}
    assert from_feel(made.decide({"注册资本": 800000, "kind": "公司"})) == {"fee": 800, "office": "市"}
    assert from_feel(made.decide({"注册资本": 800000, "kind": "个体"})) == {"fee": None, "office": "省"}
    assert made.decide({"注册资本": 1, "kind": "其他"}) is None


@pytest.mark.parametrize(
    ("text", "row", "column"),
    [
        ("", 1, ""),
        ("X,in: a,out: b\n,1,2", 1, "X"),
        ("U,in: a\n,1", 1, "U"),
        ("U,in: a,out: b\n", 1, "U"),
        ("U,a,out: b\n,1,2", 1, "a"),
        ("U,in: a +,out: b\n,1,2", 1, "in: a +"),
        ("U,in: a,out: b\n,1,2\n,< ,2", 3, "in: a"),
        ("U,in: a,out: b\n,1,2 +", 2, "out: b"),
        ("U,in: a,out: b\n,1,", 2, "out: b"),
        ("U,in: a,out: b\n,1,2,3", 2, "3"),
        ("P,in: a,out: b\n,1,2", 1, "out: b"),
        ("U,in: a,out: b\ndefault,,1\ndefault,,2\n,1,2", 3, "U"),
        ('U,in: a,out: b\n,"1,2', 1, ""),
    ],
)
def test_errors_name_row_and_column(text: str, row: int, column: str) -> None:
    with pytest.raises(TableError) as caught:
        load_table_csv(text, "t")
    assert (caught.value.row, caught.value.column) == (row, column)


def test_the_table_of_the_readme_loads() -> None:
    readme = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")
    lines = [line[4:] for line in readme.splitlines() if line.startswith("    ")]
    made = load_table_csv("\n".join(lines), "fees")
    assert from_feel(made.decide({"注册资本": 600000, "kind": "公司"})) == 600
    assert made.decide({"注册资本": 600000, "kind": "个体"}) is None
    assert made.decide({"注册资本": 1, "kind": "个体"}) == 0
