"""`packs new`: a small pack that passes `check` at once and shows where each thing goes."""

from __future__ import annotations

import re
from pathlib import Path

from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused

from .places import packs_folder, region
from .shapes import NAME

_FILES = {
    "pack.yaml": """key: {key}
title: {{zh: {key}, en: {key}}}
version: 0.1.0
owner: civil_affairs
needs: [base_registers]
answers: []
""",
    "README.md": "# {key}\n\nWhat this pack gives, and what it leaves out.\n",
    "items.yaml": """items:
  - key: {key}
    task_name: {{zh: 新事项, en: New item}}
    task_type: "20"
    department: civil_affairs
    service_objects: ["1"]
    legal_limit: {{n: 20, unit: workday}}
    promised_limit: {{n: 5, unit: workday}}
    service:
      form: {key}
      process: shared:serial
      first: civil_affairs
      offices: [civil_affairs]
""",
    "forms/{key}.yaml": """form: {key}
title: {{zh: 申请表, en: Application}}
pages:
  - name: person
    title: {{zh: 申请人, en: Applicant}}
    fields:
      - {{name: holder_name, title: {{zh: 姓名, en: Name}}, type: text, required: true, prefill: applicant.name}}
      - {{name: division, title: {{zh: 办理地, en: County}}, type: code, code_set: counties, required: true}}
""",
    "cases.yaml": """cases:
  - title: granted
    on: 2026-11-02
    answers: {{holder_name: 张三, division: "{division}"}}
    steps:
      - accept
      - expect: {{state: handling, waiting: [civil_affairs], due: 2026-11-09}}
      - decide: {{office: civil_affairs, outcome: grant}}
    expect: {{state: granted}}
  - title: refused
    answers: {{holder_name: 张三, division: "{division}"}}
    steps:
      - accept
      - decide: {{office: civil_affairs, outcome: refuse, opinion: 不符合条件。}}
    expect: {{state: refused}}
""",
}


def make(name: str) -> Path:
    """Make the folder of a new pack under `packs/` (or at the given path); `Refused` when it exists."""
    folder = Path(name) if "/" in name else packs_folder() / name
    if not re.fullmatch(NAME, folder.name):
        raise Refused(_("A pack's key has small letters, digits and underscores, and begins with a letter."))
    if folder.exists():
        raise Refused(_("%s exists already.") % folder)
    division = str((region().get("hall") or {}).get("division", ""))
    for file, text in _FILES.items():
        path = folder / file.format(key=folder.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(key=folder.name, division=division), encoding="utf-8")
    return folder
