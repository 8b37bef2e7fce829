"""FEEL and decision tables (OMG DMN 1.3-1.5): pure Python, no Django."""
