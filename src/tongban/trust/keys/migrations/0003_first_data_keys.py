"""The first data key of each class of sealed fields: from here on a lost key-encrypting key is noticed, never replaced
(security R26, T40)."""

from typing import Any

from django.db import migrations

from tongban.base.kernel.api import now
from tongban.trust.identity.data import KeyClass


def make(apps: Any, schema_editor: Any) -> None:
    from tongban.trust.keys import ciphers, data, kek

    keys = apps.get_model("keys", "DataKey")
    for key_class in ["index", data.CONTENTS, *KeyClass]:
        wrapped = kek.wrap(ciphers.fresh(data.Algorithm.AES256), f"{data.CLASS}:{key_class}")
        values = {"algorithm": data.Algorithm.AES256.value, "wrapped": wrapped, "created": now()}
        keys.objects.get_or_create(key_class=str(key_class), generation=1, defaults=values)


class Migration(migrations.Migration):
    dependencies = [("keys", "0002_public_rows")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
