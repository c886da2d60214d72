"""What can be imported, and who may."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Candidate, User
from exports.imports.campaigns import CampaignImport
from exports.imports.candidates import CandidateImport
from exports.imports.plans import PlanImport
from exports.imports.resource import ImportColumn, ImportResource
from exports.imports.testers import TesterImport
from exports.models import DataImport
from plans.models import BetaTester, DiscountCampaign, Plan

IMPORT_PERMISSION = "exports.import_data"


@dataclass(frozen=True)
class ImportKind:
    """A list that can be imported. `left_out` tells what is not, and where it is changed instead."""

    code: str
    title: Any
    model: type[models.Model]
    resource: type[ImportResource]
    left_out: Any
    is_for_all: bool = False  # it concerns all candidates, so it isn't for staff who are limited to some

    @property
    def permissions(self) -> tuple[str, ...]:
        """All that one needs to import it."""
        name = f"{self.model._meta.app_label}.%s_{self.model._meta.model_name}"
        return (IMPORT_PERMISSION, name % "add", name % "change")

    def may_import(self, user: User | None) -> bool:
        """Whether somebody may import it; the system may."""
        if user is None:
            return True
        return user.has_perms(self.permissions) and not (self.is_for_all and user.is_limited_to_scopes)

    def columns(self, user: User | None) -> Sequence[ImportColumn]:
        """The columns that a file of `user` may have."""
        columns = self.resource(user).columns()
        return [
            column for column in columns if not column.permission or user is None or user.has_perm(column.permission)
        ]


KINDS = {
    kind.code: kind
    for kind in (
        ImportKind(
            DataImport.Kind.CANDIDATES,
            _("Candidates"),
            Candidate,
            CandidateImport,
            _("The region follows from the city. A candidate's code stays as it was made."),
        ),
        ImportKind(
            DataImport.Kind.PLANS,
            _("Plans"),
            Plan,
            PlanImport,
            _("Stages, releases and the prices of existing plans are changed on the plans' own pages."),
        ),
        ImportKind(
            DataImport.Kind.TESTERS,
            _("Beta testers"),
            BetaTester,
            TesterImport,
            _("An import adds testers only. They are removed on their own page, with a reason."),
        ),
        ImportKind(
            DataImport.Kind.CAMPAIGNS,
            _("Discount campaigns"),
            DiscountCampaign,
            CampaignImport,
            _("An import adds campaigns only. They are switched off and on in their list; their terms don't change."),
            is_for_all=True,
        ),
    )
}
