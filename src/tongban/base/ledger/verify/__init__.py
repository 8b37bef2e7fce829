"""Checking a ledger from the outside, without the database and without the rest of the program.

Only Python and the library `cryptography` are used. `python -m tongban.base.ledger.verify FILE` runs it in place;
`tongban ledger verifier` writes it as one file that runs anywhere: `python verify.pyz FILE`. Formats and checks are
told in docs/reference/ledger.md.
"""
