"""The form field for files from people."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from common.uploads.judge import CONTENT_TYPES, validate_upload
from common.uploads.refusal import UploadRefused


class UploadField(forms.FileField):
    """A file of one of `kinds` (`csv`, `xlsx`), up to 10 MB.

    The cleaned file stands at its beginning, and its `content_type` is what its content is, not what the browser said.
    """

    def __init__(self, *, kinds: Iterable[str] = tuple(CONTENT_TYPES), **kwargs: Any) -> None:
        self.kinds = frozenset(kinds)
        super().__init__(**kwargs)

    def to_python(self, data: Any) -> Any:
        file: Any = super().to_python(data)
        if file is None:
            return None
        try:
            kind = validate_upload(file, kinds=self.kinds)
        except UploadRefused as error:
            raise ValidationError(error.message, code=error.code) from error
        file.content_type = CONTENT_TYPES[kind]
        return file

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Has the browser's dialog offer fitting files first."""
        return {**super().widget_attrs(widget), "accept": ",".join(f".{kind}" for kind in sorted(self.kinds))}
