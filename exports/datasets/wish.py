from collections.abc import Mapping
from dataclasses import dataclass, field

from django.conf import settings

from accounts.models import Candidate, User


@dataclass(frozen=True)
class Wish:
    """What somebody wants exported. `actor` None is the system; no columns means all that the actor may see.

    Filters are text, as a run keeps them: several values with commas between them, days as `2025-11-22`.
    """

    dataset: str
    candidate: Candidate | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    format: str = "xlsx"
    language: str = settings.LANGUAGE_CODE
    purpose: str = ""
    actor: User | None = None
