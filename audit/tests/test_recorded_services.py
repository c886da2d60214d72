"""Nothing that staff do escapes the audit log: services record, and admin pages go through what records."""

import ast
from collections import defaultdict

import pytest
from django.contrib import admin

from audit.admin import AuditedModelAdmin
from audit.tests.source import PROJECT, calls_in, functions_in, modules
from common.admin import ReadOnlyModelAdmin

RECORDING = {"record", "record_act", "log_security_event"}
WRITES = {"save", "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
# Writing services that aren't acts of staff, or belong to one that records.
NOT_ACTS = {
    "store_updates": "what citizens send; replaying it is recorded by `replay_lines`",
    "fetch_updates": "what citizens send",
    "keep_updates": "what citizens send",
    "note_checked_token": "what platforms tell; the change of the token is recorded",
    "start_session": "`accounts.session.signed_in` is recorded with it",
    "note_success": "counting of guesses; the sign-in is recorded",
    "note_sent_copy": "what the platform answered to a message whose sending is recorded",
    "take_use": "a part of a purchase, which `subscribe` records",
    "forget_outdated_guards": "counts that have ended by themselves",
}


def called_by_name() -> dict[str, set[str]]:
    """The names that the functions of each name call, all functions of one name taken together."""
    found: dict[str, set[str]] = defaultdict(set)
    for _path, tree in modules():
        for function in functions_in(tree):
            found[function.name] |= {name for name, _call in calls_in(function)}
    return found


CALLED = called_by_name()


def records(function: ast.FunctionDef | str) -> bool:
    """Whether a function reaches one that writes the audit log."""
    seen: set[str] = set()
    waiting = {function} if isinstance(function, str) else {name for name, _call in calls_in(function)}
    while waiting:
        name = waiting.pop()
        if name in RECORDING:
            return True
        # Names such as `save` belong to Django, whatever functions of ours share them.
        if name not in seen | WRITES:
            seen.add(name)
            waiting |= CALLED.get(name, set())
    return False


def services() -> list[tuple[str, ast.FunctionDef]]:
    """The public functions of each app's services, with where they stand."""
    found = []
    for path, tree in modules():
        parts = path.relative_to(PROJECT).parts
        if parts[0] != "audit" and ("services" in parts or "services.py" in parts):
            named = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
            found += [("/".join(parts), node) for node in named if not node.name.startswith("_")]
    return found


def arguments_of(function: ast.FunctionDef) -> set[str]:
    return {argument.arg for argument in [*function.args.args, *function.args.kwonlyargs]}


SERVICES = [pytest.param(node, id=f"{where}::{node.name}") for where, node in services()]


def test_services_are_found() -> None:
    names = {str(parameter.id).partition("::")[2] for parameter in SERVICES}

    assert {"create_candidate", "set_webhook", "retry_updates", "create_plan", "export_list"} <= names


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_acts_for_somebody_records_it(service: ast.FunctionDef) -> None:
    if "actor" in arguments_of(service):
        assert records(service)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_writes_records_it(service: ast.FunctionDef) -> None:
    writes = WRITES & {name for name, call in calls_in(service) if isinstance(call.func, ast.Attribute)}
    if writes and service.name not in NOT_ACTS:
        assert records(service), f"it calls {writes}"


def test_every_admin_page_is_audited_or_changes_nothing() -> None:
    open_to_changes = {
        model._meta.label_lower
        for model, page in admin.site._registry.items()
        if not isinstance(page, AuditedModelAdmin | ReadOnlyModelAdmin)
    }

    assert open_to_changes == {"constance.config"}  # the system settings, whose store records each change


def test_every_action_on_a_list_is_recorded() -> None:
    names = {
        str(getattr(action, "__name__", action))
        for page in admin.site._registry.values()
        for action in page.actions or ()
    }

    assert {"set_webhooks", "retry", "enable_tasks", "reset_second_factors"} <= names
    assert not {name for name in names if not records(name)}
