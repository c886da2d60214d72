"""Regions and cities, declared once in `deploy/regions.toml`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from common.language import reads_persian

REGIONS_FILE = Path(__file__).resolve().parent.parent / "deploy" / "regions.toml"


@dataclass(frozen=True)
class City:
    code: str
    name_fa: str
    name_en: str

    @property
    def name(self) -> str:
        """The city's name in the reader's language."""
        return self.name_fa if reads_persian() else self.name_en


@dataclass(frozen=True)
class Region:
    code: str
    name_fa: str
    name_en: str
    cities: tuple[City, ...]
    minimum_replicas: int
    maximum_replicas: int
    default: bool = False

    @property
    def name(self) -> str:
        """The region's name in the reader's language."""
        return self.name_fa if reads_persian() else self.name_en


@cache
def load_regions(path: Path = REGIONS_FILE) -> tuple[Region, ...]:
    """All regions in the file's order.

    Raises ValueError when a code is declared twice or not exactly one region is the default.
    """
    declared = tomllib.loads(path.read_text(encoding="utf-8"))["regions"]
    regions = tuple(
        Region(**{**region, "cities": tuple(City(**city) for city in region["cities"])}) for region in declared
    )
    city_codes = [city.code for region in regions for city in region.cities]
    if len(set(city_codes)) != len(city_codes) or len({region.code for region in regions}) != len(regions):
        raise ValueError(f"{path}: a region or city code is declared twice")
    if sum(region.default for region in regions) != 1:
        raise ValueError(f"{path}: exactly one region must be the default")
    return regions


def find_region(code: str) -> Region | None:
    """The region with this code, or None."""
    return next((region for region in load_regions() if region.code == code), None)


def region_of_city(city_code: str) -> Region:
    """The region that serves a city; the default region for a city nobody named."""
    for region in load_regions():
        if any(city.code == city_code for city in region.cities):
            return region
    return next(region for region in load_regions() if region.default)


def region_choices() -> list[tuple[str, str]]:
    """Choices for forms and filters, in the reader's language."""
    return [(region.code, region.name) for region in load_regions()]


def city_choices() -> list[tuple[str, str]]:
    """Choices for forms and filters, in the reader's language."""
    return [(city.code, city.name) for region in load_regions() for city in region.cities]


def city_name(code: str) -> str:
    """A city's name in the reader's language; the code itself where it isn't declared."""
    return dict(city_choices()).get(code, code)


def region_name(code: str) -> str:
    """A region's name in the reader's language; the code itself where it isn't declared."""
    return dict(region_choices()).get(code, code)
