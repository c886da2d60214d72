import pytest
from django.utils.translation import override

from common.regions import (
    city_choices,
    city_name,
    find_region,
    load_regions,
    region_choices,
    region_name,
    region_of_city,
)

REGION = """
[[regions]]
code = "{code}"
name_fa = "الف"
name_en = "A"
minimum_replicas = 1
maximum_replicas = 2
default = {default}
cities = [{{ code = "{city}", name_fa = "شهر", name_en = "City" }}]
"""


def region_file(tmp_path, *regions):
    path = tmp_path / "regions.toml"
    texts = [REGION.format(code=code, city=city, default=str(default).lower()) for code, city, default in regions]
    path.write_text("".join(texts), encoding="utf-8")
    return path


def test_the_three_regions_of_the_contract_are_declared():
    assert [region.code for region in load_regions()] == ["tehran", "isfahan", "other"]
    assert all(region.minimum_replicas <= region.maximum_replicas for region in load_regions())


@pytest.mark.parametrize(
    ("city", "region"),
    [("tehran", "tehran"), ("isfahan", "isfahan"), ("shiraz", "isfahan"), ("mashhad", "other"), ("atlantis", "other")],
)
def test_a_city_belongs_to_its_region_and_an_unknown_one_to_the_default(city, region):
    assert region_of_city(city).code == region


def test_names_are_in_the_readers_language():
    with override("fa"):
        assert (region_name("tehran"), city_name("shiraz")) == ("تهران", "شیراز")
        assert ("isfahan", "اصفهان") in region_choices()
    with override("en"):
        assert (region_name("tehran"), city_name("shiraz")) == ("Tehran", "Shiraz")
        assert ("yazd", "Yazd") in city_choices()


def test_an_undeclared_code_is_told_as_it_is():
    assert city_name("atlantis") == "atlantis"
    assert region_name("mars") == "mars"
    assert find_region("mars") is None


def test_a_good_file_is_read(tmp_path):
    path = region_file(tmp_path, ("a", "one", False), ("b", "two", True))
    assert [region.code for region in load_regions(path)] == ["a", "b"]


@pytest.mark.parametrize(
    "regions",
    [
        [("a", "one", True), ("a", "two", False)],
        [("a", "one", True), ("b", "one", False)],
        [("a", "one", False), ("b", "two", False)],
        [("a", "one", True), ("b", "two", True)],
    ],
    ids=["region twice", "city twice", "no default", "two defaults"],
)
def test_a_contradictory_file_is_refused(tmp_path, regions):
    with pytest.raises(ValueError):
        load_regions(region_file(tmp_path, *regions))
