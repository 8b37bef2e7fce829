"""Rights that people ask for, that somebody else confirms, that end, and that are looked at again (TRUST-05, R7)."""
