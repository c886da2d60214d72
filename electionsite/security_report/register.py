"""The register: how each requirement of the ASVS is judged, and the layers of defence with their tests."""

import csv
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from common.environment import PROJECT_DIR

FOLDER = PROJECT_DIR / "docs" / "security"
REQUIREMENTS = FOLDER / "asvs-5.0-levels-1-2.csv"
JUDGEMENTS = FOLDER / "asvs.toml"
LAYERS = FOLDER / "layers.toml"


class Status(StrEnum):
    MET = "met"
    NOT_MET = "not met"
    OPERATOR = "operator"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class Requirement:
    """One requirement of the OWASP Application Security Verification Standard 5.0, levels 1 and 2."""

    id: str
    level: int
    chapter: str
    section: str
    description: str

    @property
    def chapter_id(self) -> str:
        return self.id.partition(".")[0]


@dataclass(frozen=True)
class Judgement:
    """What we say about a requirement, or about a whole section or chapter that doesn't apply.

    `note` says how it is met, why it doesn't apply, what is missing, or what an operator does; `needed` what would
    meet it; `documented` where an operator reads more; `tests` are ids such as `accounts/tests/test_gate.py::test_x`.
    """

    status: Status
    note: str
    tests: tuple[str, ...] = ()
    needed: str = ""
    documented: str = ""


@dataclass(frozen=True)
class Layer:
    """A layer of defence: what it does and the tests that prove it."""

    name: str
    does: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Register:
    """All requirements, what is said about which, and the layers."""

    requirements: tuple[Requirement, ...]
    judgements: dict[str, Judgement]
    layers: tuple[Layer, ...]

    def judgement_of(self, requirement: Requirement) -> Judgement | None:
        """What is said about the requirement itself, else about its section, else about its chapter."""
        parts = requirement.id.split(".")
        names = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
        return next((self.judgements[name] for name in names if name in self.judgements), None)


class MalformedRegister(ValueError):
    """The register can't be read; the text names the entry."""


def load_register(folder: Path = FOLDER) -> Register:
    """The register as it stands in `docs/security`. Raises MalformedRegister naming the entry that can't be read."""
    return Register(
        requirements=_requirements(folder / REQUIREMENTS.name),
        judgements={name: _judgement(name, entry) for name, entry in _toml(folder / JUDGEMENTS.name).items()},
        layers=tuple(_layer(entry) for entry in _toml(folder / LAYERS.name)["layer"]),
    )


def _requirements(path: Path) -> tuple[Requirement, ...]:
    with path.open(newline="", encoding="utf-8") as file:
        return tuple(
            Requirement(
                id=row["id"],
                level=int(row["level"]),
                chapter=row["chapter_name"],
                section=row["section_name"],
                description=row["description"],
            )
            for row in csv.DictReader(file)
        )


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise MalformedRegister(f"{path.name}: {error}") from error


def _judgement(name: str, entry: dict[str, Any]) -> Judgement:
    try:
        return Judgement(**{**entry, "status": Status(entry["status"]), "tests": tuple(entry.get("tests", ()))})
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedRegister(f"{JUDGEMENTS.name}, {name}: {error}") from error


def _layer(entry: dict[str, Any]) -> Layer:
    try:
        return Layer(**{**entry, "tests": tuple(entry["tests"])})
    except (KeyError, TypeError) as error:
        raise MalformedRegister(f"{LAYERS.name}, {entry.get('name', '?')}: {error}") from error
