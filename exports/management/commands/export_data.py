import argparse
from typing import Any, BinaryIO

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from accounts.models import Candidate
from exports.datasets import DATASETS, Wish, dataset_named
from exports.management.export_command import STANDARD_OUTPUT, ExportCommand
from exports.services.direct import ExportSummary, Progress, export_data


class Command(ExportCommand):
    help = (
        "Write a dataset straight to a file of this machine, unencrypted and of any size. That it was exported is "
        "recorded. Columns and filters are called as in the addresses of the pages."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("dataset", choices=sorted(DATASETS), help="what is exported")
        super().add_arguments(parser)
        parser.add_argument("--candidate", default="", metavar="CODE", help="only what belongs to this candidate")
        filter_help = "a filter of the dataset, such as city=tehran; can be given several times"
        parser.add_argument("--filter", action="append", default=[], metavar="NAME=VALUE", help=filter_help)
        parser.add_argument("--columns", nargs="+", default=[], metavar="NAME", help="only these columns")
        parser.add_argument("--purpose", default="", metavar="TEXT", help="what personal data is needed for")

    def read_filters(self, options: dict[str, Any]) -> Wish:
        wish = Wish(
            dataset=options["dataset"],
            candidate=_candidate(options["candidate"]),
            filters=dict(_name_and_value(text) for text in options["filter"]),
            columns=tuple(options["columns"]),
            format=options["format"],
            language=options["language"],
            purpose=options["purpose"],
            actor=None,
        )
        _refuse_another_ending(options["output"], dataset_named(wish.dataset).extension(wish))
        return wish

    def export(self, file: BinaryIO, filters: Wish, options: dict[str, Any], on_progress: Progress) -> ExportSummary:
        return export_data(wish=filters, file=file, on_progress=on_progress)


def _candidate(code: str) -> Candidate | None:
    if not code:
        return None
    candidate = Candidate.objects.filter(code=code).first()
    if candidate is None:
        raise CommandError(_("There is no candidate with the code %(code)s.") % {"code": code})
    return candidate


def _refuse_another_ending(output: str, extension: str) -> None:
    """Several tables as CSV come as a ZIP, which nobody could open under another name."""
    if output != STANDARD_OUTPUT and not output.endswith(f".{extension}"):
        raise CommandError(_("The file will be a .%(extension)s: name it so.") % {"extension": extension})


def _name_and_value(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise CommandError(_("--filter %(text)s: write NAME=VALUE, such as city=tehran.") % {"text": text})
    return name.strip(), value.strip()
