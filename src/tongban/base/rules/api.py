"""Front door of the rules room."""

from .csv_tables import load_table_csv
from .expressions import Expression, UnaryTests, compile_expression, compile_unary_tests
from .model import Model, load_dmn
from .tables import Table
from .values import from_feel, to_feel, to_json

__all__ = [
    "Expression",
    "Model",
    "Table",
    "UnaryTests",
    "compile_expression",
    "compile_unary_tests",
    "from_feel",
    "load_dmn",
    "load_table_csv",
    "to_feel",
    "to_json",
]
