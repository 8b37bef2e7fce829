"""Front door of geography."""

from .extents import refresh
from .layers import layer, layers
from .loading import import_features, load_divisions
from .lookup import locate, short_form
from .queries import at, extent, feature, features, place

__all__ = [
    "at",
    "extent",
    "feature",
    "features",
    "import_features",
    "layer",
    "layers",
    "load_divisions",
    "locate",
    "place",
    "refresh",
    "short_form",
]
