"""Django's autocomplete, which answers a chosen value that is no key with an error of the server's."""

from typing import Any

from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError


class TolerantAutocompleteSelect(AutocompleteSelect):
    """Shows the form again without a value that can't be a key; the field itself tells what is wrong with it."""

    def optgroups(self, name: Any, value: Any, attr: Any = None) -> Any:
        return super().optgroups(name, [entry for entry in value if self._may_be_key(entry)], attr)

    def _may_be_key(self, entry: str) -> bool:
        key: Any = self.field.remote_field.model._meta.pk
        try:
            key.run_validators(key.to_python(entry))
        except ValidationError:
            return False
        return True
