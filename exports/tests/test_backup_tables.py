"""A backup forgets no table and no column."""

import pytest
from django.apps import apps
from django.db import models

from exports.backup.tables import LEFT_OUT, TABLES, columns_of


def all_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]


def test_each_table_is_in_the_backup_or_left_out_with_a_reason():
    backed_up = {table.label for table in TABLES}
    assert {model._meta.label for model in all_models()} == backed_up | LEFT_OUT.keys()
    assert not backed_up & LEFT_OUT.keys()
    assert all(LEFT_OUT.values())


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.label)
def test_each_column_is_in_the_backup_but_blind_indexes(table):
    columns = {field.column for field in table.model._meta.local_concrete_fields if field.column}
    assert columns - set(columns_of(table, None)) == set(table.blind_indexes)


def test_parents_come_before_their_children():
    places = {table.name: place for place, table in enumerate(TABLES)}
    for table in TABLES:
        for column, parent in table.parents.items():
            assert places.get(parent, -1) < places[table.name], f"{table.name}.{column}"


def test_a_whole_is_named_by_a_foreign_key():
    for table in TABLES:
        assert not table.part_of or table.part_of in table.parents, table.name


def test_what_staff_sign_in_with_is_known_as_such():
    """A device, a passkey, a code: whatever hangs on a member of staff but their roles and scopes."""
    hanging = {"accounts.User"}
    for table in TABLES:
        if table.part_of and {model_of(table.parents[table.part_of])} & hanging:
            hanging.add(table.label)
    credentials = {table.label for table in TABLES if table.is_credential}
    assert credentials == hanging - {"accounts.User", "accounts.User_groups", "accounts.StaffScope"}


def model_of(name: str) -> str:
    return next(table.label for table in TABLES if table.name == name)
