"""The register of what is encrypted names every column that is, and none that isn't."""

import re
from pathlib import Path

import pytest
from django.apps import apps

from common.fields import BlindIndexField, EncryptedTextField

REGISTER = Path(__file__).resolve().parents[2] / "docs/security/encryption.md"


@pytest.mark.parametrize(
    ("heading", "kind"), [("Encrypted column", EncryptedTextField), ("Blind index", BlindIndexField)]
)
def test_the_register_names_every_column(heading, kind):
    table = re.search(rf"^\| {heading} \|.*?\n\n", REGISTER.read_text(), re.DOTALL | re.MULTILINE)
    assert table
    named = re.findall(r"^\| `([\w.]+)` \|", table[0], re.MULTILINE)

    assert named == sorted(
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, kind)
    )
