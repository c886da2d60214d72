"""Refusing what a model doesn't accept."""

from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.db import models

from common.errors import DomainError


def refuse_invalid(instance: models.Model, *, code: str, exclude: Collection[str] = ()) -> None:
    """Raises DomainError `code` with the model's own words when a value isn't accepted; `fields` says which."""
    try:
        instance.full_clean(exclude=exclude)
    except ValidationError as error:
        raise DomainError(code, " ".join(error.messages), fields=error.message_dict) from error
