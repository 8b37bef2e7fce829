"""Workloads that print their ratio against a limit measured in the same run (docs/performance.md)."""
