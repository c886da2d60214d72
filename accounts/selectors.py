"""What a member of staff may see. Every list, page, export and reply goes through here."""

from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from accounts.models import Candidate, StaffScope, User

AnyModel = TypeVar("AnyModel", bound=Model)


def limit_to_scopes(queryset: QuerySet[AnyModel], user: User, *, candidate: str) -> QuerySet[AnyModel]:
    """The rows that belong to candidates whom `user` may see.

    `candidate` is the look-up path from the queryset's model to the candidate, for example `bot__candidate`, or an
    empty string where the model is the candidate itself.
    """
    if not user.is_limited_to_scopes:
        return queryset
    prefix = f"{candidate}__" if candidate else ""
    scopes = StaffScope.objects.filter(user=user)
    return queryset.filter(
        Q(**{f"{prefix}pk__in": scopes.filter(candidate__isnull=False).values("candidate")})
        | Q(**{f"{prefix}region__in": scopes.exclude(region="").values("region")})
    )


def candidates_visible_to(user: User) -> QuerySet[Candidate]:
    """The candidates whom `user` may see."""
    return limit_to_scopes(Candidate.objects.all(), user, candidate="")
