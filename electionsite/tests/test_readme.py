"""The commands in README.md are commands, with the options they have."""

import re
import shlex

import pytest
from django.core.management import get_commands, load_command_class

from common.environment import PROJECT_DIR

README = (PROJECT_DIR / "README.md").read_text(encoding="utf-8")
MAKEFILE = (PROJECT_DIR / "Makefile").read_text(encoding="utf-8")
PLACEHOLDERS = ("COMMAND", "…")


def _commands():
    code = re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL) + re.findall(r"`([^`]+)`", README)
    lines = [" ".join(line.split()) for block in code for line in block.replace("`", "").split("\n")]
    commands = {line for line in lines if line.startswith("manage.py ")}
    return sorted(line for line in commands if not any(word in line for word in PLACEHOLDERS))


def test_readme_shows_commands():
    assert len(_commands()) > 8


@pytest.mark.parametrize("line", _commands())
def test_each_command_of_the_readme_exists_with_its_options(line):
    _program, name, *arguments = shlex.split(line, comments=True)
    parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
    assert parser.parse_args(arguments)


def test_each_make_target_of_the_readme_exists():
    targets = set(re.findall(r"(?:^|`)make ([a-z]+)", README, flags=re.MULTILINE))
    assert {"run", "test", "check"} <= targets <= set(re.findall(r"^([a-z]+):", MAKEFILE, flags=re.MULTILINE))


def test_each_link_of_the_readme_leads_somewhere():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (PROJECT_DIR / target).exists(), target
