"""Whether a wish may be granted: asked when it is made, and again when a worker begins."""

from django.utils.translation import gettext as _

from accounts.selectors import candidates_visible_to
from exports.datasets.base import Dataset
from exports.datasets.wish import Wish
from exports.errors import ExportRefusedError


def refuse_wish(wish: Wish, dataset: Dataset) -> None:
    """Raise ExportRefusedError where somebody may not have what they wish, or it can't be understood.

    Its codes: `not-allowed`, `unknown-format`, `candidate-missing`, `candidate-not-taken`, `candidate-out-of-scope`,
    `unknown-column`, `invalid-filters`, and `purpose-missing` where it holds personal data and nobody says what for.
    """
    refuse_content(wish, dataset)
    _refuse_candidate(wish, dataset)
    dataset.read_filters(wish.filters, wish.actor)


def refuse_content(wish: Wish, dataset: Dataset) -> None:
    """Raise ExportRefusedError as `refuse_wish` does, but for which rows, which the caller may have chosen."""
    if not dataset.may_export(wish.actor):
        raise ExportRefusedError("not-allowed", _("You may not export this: %(title)s.") % {"title": dataset.title})
    if wish.format not in dataset.formats:
        words = _("The format “%(format)s” is not known. Known are: %(known)s.")
        raise ExportRefusedError("unknown-format", words % {"format": wish.format, "known": ", ".join(dataset.formats)})
    dataset.refuse_columns(wish)
    if dataset.holds_personal_data(wish) and not wish.purpose.strip():
        raise ExportRefusedError("purpose-missing", _("Say what the personal data is needed for."))


def _refuse_candidate(wish: Wish, dataset: Dataset) -> None:
    if wish.candidate is None:
        if dataset.needs_candidate or (not dataset.keeps_to_scopes and wish.actor and wish.actor.is_limited_to_scopes):
            raise ExportRefusedError("candidate-missing", _("Choose the candidate."))
        return
    if not dataset.takes_candidate:
        raise ExportRefusedError("candidate-not-taken", _("This can't be exported for one candidate."))
    if wish.actor and not candidates_visible_to(wish.actor).filter(pk=wish.candidate.pk).exists():
        raise ExportRefusedError("candidate-out-of-scope", _("You may not export data of this candidate."))
