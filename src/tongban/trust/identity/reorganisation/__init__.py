"""Reorganisation of offices: merge, split, rename, move, close at a date (NFR-08)."""
