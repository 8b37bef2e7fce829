"""Front door of laws."""

from .actions import import_folder, read_folder, repeal, set_authority
from .citations import resolve
from .queries import article, articles, compare, in_force, law, laws, search, versions, versions_of

__all__ = [
    "article",
    "articles",
    "compare",
    "import_folder",
    "in_force",
    "law",
    "laws",
    "read_folder",
    "repeal",
    "resolve",
    "search",
    "set_authority",
    "versions",
    "versions_of",
]
