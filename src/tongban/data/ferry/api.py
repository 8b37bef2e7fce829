"""Front door of the ferry."""

from .actions import (
    acknowledge,
    approve,
    bring,
    decline,
    export,
    open_channel,
    own_certificate,
    own_root,
    propose,
    skip,
)
from .queries import approved, bundle, bundles, channels

__all__ = [
    "acknowledge",
    "approve",
    "approved",
    "bring",
    "bundle",
    "bundles",
    "channels",
    "decline",
    "export",
    "open_channel",
    "own_certificate",
    "own_root",
    "propose",
    "skip",
]
