"""Model fields that keep their value encrypted in the database."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import FieldError
from django.db import models

from common.crypto import blind_index, decrypt, encrypt


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that is encrypted on its way into the database and decrypted on its way out.

    An empty string stays empty, so that "has none" can be asked in SQL. It can't be searched or sorted by: keep a
    `BlindIndexField` beside it for exact look-ups.
    """

    @property
    def context(self) -> str:
        return f"{self.model._meta.label}.{self.name}"

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if value is None or value == "" or hasattr(value, "resolve_expression"):
            return value
        return encrypt(str(value), context=self.context)

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return decrypt(value, context=self.context) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name not in {"isnull", "exact"}:
            raise FieldError(f"{self.context} is encrypted: look it up by its blind index")
        return super().get_lookup(lookup_name)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value not in (None, ""):
            raise FieldError(f"{self.context} is encrypted: look it up by its blind index")
        return super().get_db_prep_value(value, connection, prepared)


class BlindIndexField(models.CharField):  # type: ignore[type-arg]
    """The fingerprint of an `EncryptedTextField` beside it, kept up to date on each save.

    `normalise` makes equal what people mean to be equal (digits, case, spaces); look-ups must go through
    `index_of`, which applies it too.
    """

    def __init__(self, *args: Any, source: str = "", normalise: Callable[[str], str] = str, **kwargs: Any) -> None:
        self.source = source
        self.normalise = normalise
        kwargs.setdefault("max_length", 64)
        kwargs.setdefault("blank", True)
        kwargs.setdefault("default", "")
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "source": self.source}

    def index_of(self, value: str) -> str:
        """The fingerprint that a value would have in this column."""
        return blind_index(self.normalise(value or ""), context=f"{self.model._meta.label}.{self.source}")

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        fingerprint = self.index_of(getattr(model_instance, self.source))
        setattr(model_instance, self.attname, fingerprint)
        return fingerprint
