"""Where data are sealed, nothing starts without the key-encrypting key, in production or not (T40)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tongban.site import production
from tongban.site.database import connect_owner
from tongban.trust.keys import api as keys
from tongban.trust.keys.data import kek_file


@pytest.mark.django_db(transaction=True)
def test_t40_nothing_starts_without_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """First set-up makes its own key; with data sealed under one that is gone, the start says what to do."""
    keys.seal_field("a", "b", "c", "text", "person")
    production.require_keys()
    gone = tmp_path / "kek"
    monkeypatch.setenv("TONGBAN_KEK_FILE", str(gone))
    assert kek_file(tmp_path) == gone
    with pytest.raises(production.KeysMissing, match="from its own backup") as refused:
        production.check()
    assert str(gone) in str(refused.value) and not gone.exists()  # none is made in its place: that would hide the loss
    with connect_owner() as connection:
        connection.execute("DELETE FROM keys_data_key")
    production.require_keys()  # nothing is sealed: the first use makes one
