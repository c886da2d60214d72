"""What is wrong with the register: gaps, and claims that nothing proves."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from common.environment import PROJECT_DIR
from electionsite.security_report.markdown import anchor_of
from electionsite.security_report.register import FOLDER, Judgement, Register, Status


def problems_of(register: Register, project: Path = PROJECT_DIR) -> list[str]:
    """Each problem in words; an empty list is a sound register.

    Tests are looked for by reading their files, not by running them: the suite runs them anyway.
    """
    return [*_gaps(register), *_strangers(register), *_unproved(register, project), *_loose_layers(register, project)]


def _gaps(register: Register) -> Iterator[str]:
    for requirement in register.requirements:
        if register.judgement_of(requirement) is None:
            yield f"{requirement.id} is missing in the register."


def _strangers(register: Register) -> Iterator[str]:
    requirements = {requirement.id for requirement in register.requirements}
    prefixes = {name.rpartition(".")[0] for name in requirements}
    prefixes |= {name.rpartition(".")[0] for name in prefixes}
    for name, judgement in register.judgements.items():
        if name in prefixes and judgement.status is not Status.NOT_APPLICABLE:
            yield f"{name}: only “not applicable” may be said of a whole section or chapter."
        elif name not in requirements | prefixes:
            yield f"{name} is no requirement of levels 1 and 2."


def _unproved(register: Register, project: Path) -> Iterator[str]:
    for name, judgement in register.judgements.items():
        if not judgement.note.strip():
            yield f"{name}: it doesn't say how or why."
        if judgement.status is Status.MET and not judgement.tests:
            yield f"{name} is called met, and no test proves it."
        if judgement.status is Status.NOT_MET and not judgement.needed:
            yield f"{name} is not met, and it doesn't say what would be needed."
        if judgement.status is Status.OPERATOR and not _is_documented(judgement):
            yield f"{name} is left to the operator, and no existing page in docs/security says how."
        yield from (f"{name}: there is no test {test}." for test in judgement.tests if not _exists(test, project))


def _loose_layers(register: Register, project: Path) -> Iterator[str]:
    for layer in register.layers:
        if not layer.tests:
            yield f"The layer “{layer.name}” has no test."
        yield from (f"{layer.name}: there is no test {test}." for test in layer.tests if not _exists(test, project))


def _is_documented(judgement: Judgement) -> bool:
    """Whether `documented`, such as `operators.md#tls`, is a heading of a page that exists."""
    page, _separator, anchor = judgement.documented.partition("#")
    path = FOLDER / page
    return bool(page) and path.is_file() and (not anchor or anchor in _anchors(path))


@cache
def _anchors(path: Path) -> frozenset[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return frozenset(anchor_of(line.lstrip("#").strip()) for line in lines if line.startswith("#"))


def _exists(test: str, project: Path) -> bool:
    path, _separator, name = test.partition("::")
    file = project / path
    return file.is_file() and name in _functions(file)


@cache
def _functions(file: Path) -> frozenset[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = (node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"))
    return frozenset(found)
