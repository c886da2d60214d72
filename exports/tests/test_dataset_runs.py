"""Each dataset that the pages offer is made by a worker, alone and several in one ZIP."""

from typing import Any

import pytest

from accounts.roles import Role
from accounts.testing import make_staff
from exports.datasets import DATASETS, Wish
from exports.running import carry_out
from exports.services.runs import ask_for_bulk_export
from exports.tests.backup_world import emptied_world, make_world  # noqa: F401 (a fixture)
from exports.tests.runs import content_of, read_zip, ready

LISTED = [dataset for dataset in DATASETS.values() if dataset.is_listed]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied_world")]


def wish_fields(dataset: Any, candidate: Any) -> dict[str, Any]:
    return {
        "dataset": dataset.code,
        "format": dataset.formats[0],
        "candidate": candidate if dataset.takes_candidate else None,
        "columns": (),
        "purpose": "a test",
    }


@pytest.mark.parametrize("dataset", LISTED, ids=lambda dataset: dataset.code)
def test_a_worker_makes_it(dataset):
    karimi, _ahmadi = make_world()
    run = ready(make_staff(Role.OWNER), **wish_fields(dataset, karimi))
    assert len(content_of(run)) == run.file_bytes
    assert sum(run.manifest["rows_by_sheet"].values()) == run.rows_written > 0
    assert run.file_name.endswith(f".{dataset.formats[0]}")
    wish = Wish(language="fa", actor=run.asked_by, **wish_fields(dataset, karimi))
    if dataset.code not in ("exports", "backup"):  # which count the run itself, too, once it has begun
        assert dataset.count(wish) == run.rows_written


def test_several_come_in_one_zip():
    karimi, _ahmadi = make_world()
    owner = make_staff(Role.OWNER)
    wishes = [Wish(**wish_fields(dataset, karimi)) for dataset in LISTED]
    run = ask_for_bulk_export(wishes=wishes, purpose="a test", language="en", actor=owner)
    carry_out(run.pk)
    run.refresh_from_db()
    assert run.state == "ready", (run.reason_code, run.reason)
    files, manifest = read_zip(content_of(run))
    assert [file["dataset"] for file in manifest["files"]] == [dataset.code for dataset in LISTED]
    assert {file["name"] for file in manifest["files"]} == set(files)
