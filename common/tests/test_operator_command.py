import io

import pytest

from common.management.operator_command import OperatorCommand, terminal_language


class Speaker(OperatorCommand):
    requires_system_checks: list[str] = []

    def handle(self, *args, **options):
        from django.utils.translation import get_language

        self.stdout.write(get_language() or "")


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "fa_IR.UTF-8"}, "fa"),
        ({"LC_ALL": "C", "LANG": "fa_IR"}, "en"),
    ],
)
def test_a_command_speaks_the_language_of_the_terminal(environment, language, monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    said = io.StringIO()
    Speaker(stdout=said).execute(force_color=False, no_color=True, skip_checks=True)
    assert said.getvalue().strip() == language == terminal_language()
