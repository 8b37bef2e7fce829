"""Front door of search."""

from .actions import Document, index, index_many, remove, remove_synonym, set_synonym
from .queries import query, synonyms
from .words import pairs, query_words, segment

__all__ = [
    "Document",
    "index",
    "index_many",
    "pairs",
    "query",
    "query_words",
    "remove",
    "remove_synonym",
    "segment",
    "set_synonym",
    "synonyms",
]
