"""The job that takes a delivery in; its page shows how far it has come."""

import shutil
import tempfile
from pathlib import Path

from procrastinate.contrib.django import app

from tongban.base.files import api as files

from .actions import carry_out


@app.task(name="linkage:absorb", queue="default", lock="linkage:absorb")
def absorb(delivery: str, file: str) -> None:
    """Not one transaction: each step is, so that what was reached stays and is seen."""
    with tempfile.NamedTemporaryFile(suffix=".parquet") as copy:
        with files.open_released(file) as stored:
            shutil.copyfileobj(stored, copy)
        copy.flush()
        carry_out(delivery, Path(copy.name))
