import json
from collections import Counter
from dataclasses import asdict
from difflib import unified_diff
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from common.environment import PROJECT_DIR
from common.management.operator_command import OperatorCommand
from electionsite.security_report.markdown import PAGE, render
from electionsite.security_report.problems import problems_of
from electionsite.security_report.register import MalformedRegister, Register, Status, load_register
from electionsite.security_report.state import Fact, installation_state

STANDARD_OUTPUT = "-"


class Command(OperatorCommand):
    help = (
        "Tell how safe this installation is now, and which requirements of the OWASP ASVS are met. The requirements "
        "with their tests stand in docs/security/asvs.toml, the page made of them in docs/security.md."
    )
    requires_system_checks: list[str] = []  # they are part of the report

    def add_arguments(self, parser: CommandParser) -> None:
        ways = parser.add_mutually_exclusive_group()
        ways.add_argument(
            "--markdown",
            nargs="?",
            const=PAGE,
            metavar="FILE",
            type=lambda name: name if name == STANDARD_OUTPUT else Path(name),
            help="write the page docs/security.md, or another file; - prints it",
        )
        ways.add_argument(
            "--check",
            action="store_true",
            help="fail when a requirement has no answer, a test doesn't exist, or docs/security.md is out of date",
        )
        ways.add_argument("--json", action="store_true", help="print state and requirements for programs")

    def handle(self, *args: Any, markdown: Path | str | None, check: bool, **options: Any) -> None:
        register = _load()
        if check:
            self._check(register)
        elif markdown:
            self._write_page(register, markdown)
        elif options["json"]:
            self.stdout.write(json.dumps(_as_data(register), ensure_ascii=False, indent=2))
        else:
            self._tell_state(installation_state())
            self._tell_register(register)

    def _check(self, register: Register) -> None:
        problems = problems_of(register)
        if problems:
            raise CommandError("\n".join(problems))
        diff = "\n".join(_difference(PAGE.read_text(encoding="utf-8") if PAGE.exists() else "", render(register)))
        if diff:
            words = _("docs/security.md is out of date. `manage.py security_report --markdown` writes it anew.")
            raise CommandError(f"{diff}\n{words}")
        self.stdout.write(_("The register is whole, and docs/security.md is what it says."))

    def _write_page(self, register: Register, wanted: Path | str) -> None:
        problems = problems_of(register)
        if problems:
            raise CommandError("\n".join(problems))
        if wanted == STANDARD_OUTPUT:
            self.stdout.write(render(register), ending="")
        else:
            Path(wanted).write_text(render(register), encoding="utf-8")

    def _tell_state(self, facts: list[Fact]) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(_("This installation")))
        width = max(len(fact.label) for fact in facts)
        for fact in facts:
            mark, style = ("!", self.style.WARNING) if fact.needs_attention else (" ", str)
            self.stdout.write(style(f"{mark} {fact.label:<{width}}  {fact.value}"))

    def _tell_register(self, register: Register) -> None:
        self.stdout.write("\n" + self.style.MIGRATE_HEADING(_("Layers of defence, with their tests")))
        for layer in register.layers:
            self.stdout.write(f"{len(layer.tests):>4}  {layer.name}")
        counts = _counts(register)
        self.stdout.write("\n" + self.style.MIGRATE_HEADING(_("OWASP ASVS 5.0, levels 1 and 2")))
        for status, label in _labels().items():
            self.stdout.write(f"{counts[status]:>4}  {label}")
        self.stdout.write("\n" + _("All of it: %(path)s") % {"path": PAGE.relative_to(PROJECT_DIR)})


def _load() -> Register:
    try:
        return load_register()
    except MalformedRegister as error:
        raise CommandError(str(error)) from error


def _labels() -> dict[Status, str]:
    return {
        Status.MET: _("met, each with a test"),
        Status.NOT_MET: _("not met, each with what is missing"),
        Status.OPERATOR: _("for the operator"),
        Status.NOT_APPLICABLE: _("not applicable"),
    }


def _counts(register: Register) -> Counter[Status]:
    judged = (register.judgement_of(requirement) for requirement in register.requirements)
    return Counter(judgement.status for judgement in judged if judgement)


def _difference(old: str, new: str) -> list[str]:
    return list(
        unified_diff(old.splitlines(), new.splitlines(), "docs/security.md", "as it would be", n=0, lineterm="")
    )


def _as_data(register: Register) -> dict[str, Any]:
    judged = ((requirement, register.judgement_of(requirement)) for requirement in register.requirements)
    return {
        "state": [asdict(fact) for fact in installation_state()],
        "counts": _counts(register),
        "layers": [asdict(layer) for layer in register.layers],
        "requirements": [
            {"id": requirement.id, "level": requirement.level, **asdict(judgement)}
            for requirement, judgement in judged
            if judgement
        ],
    }
