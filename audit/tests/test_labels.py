"""Every act that the code can record has words, in both languages."""

import ast
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib import admin
from django.utils.translation import override

from audit.admin import AuditedModelAdmin, SensitiveReadsMixin
from audit.labels import VERBS, describe_action, describe_field, describe_kind, noun_of
from audit.tests.source import PROJECT, calls_in, functions_in, modules, texts_of

# Where the act is the caller's: those callers are looked at instead.
PASSED_ON = {
    "audit/services.py": "it is `record` itself",
    "audit/admin/audited.py": "of each AuditedModelAdmin's model",
    "audit/admin/reads.py": "of each SensitiveReadsMixin",
    "audit/security_events.py": "of each call of log_security_event",
    "exports/services/direct.py": "of each dataset",
    "plans/services/history.py": "of each step of a plan",
}
DIRECT = "exports.services.direct"


def acts_in_the_code() -> set[str]:
    found: set[str] = set()
    for path, tree in modules():
        where = str(path.relative_to(PROJECT))
        for scope in [*functions_in(tree), tree]:
            for name, call in calls_in(scope):
                found |= _acts_of(name, call, scope, where)
    return found


def _acts_of(name: str, call: ast.Call, scope: ast.AST, where: str) -> set[str]:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if name == "record" and "action" in given:
        acts = texts_of(given["action"], scope)
        if not acts and where not in PASSED_ON and isinstance(scope, ast.FunctionDef):
            pytest.fail(f"{where}:{call.lineno}: which act this is can't be read from the code")
        return acts
    if name == "log_security_event" and call.args:
        return {f"security.{kind}" for kind in texts_of(call.args[0], scope)}
    return set()


def steps_of_plans() -> set[str]:
    history = apps.get_model("plans", "PlanReleaseHistory")
    return {f"plans.plan.{step}" for step, _label in history._meta.get_field("step").flatchoices}


def acts_of_datasets() -> set[str]:
    datasets = import_module("exports.datasets").DATASETS.values()
    return {dataset.action for dataset in datasets if dataset.action} | {import_module(DIRECT).ACTION}


def acts_of_the_admin() -> set[str]:
    found: set[str] = set()
    for model, page in admin.site._registry.items():
        code = f"{model._meta.app_label}.{model._meta.model_name}"
        if isinstance(page, AuditedModelAdmin):
            found |= {f"{code}.{verb}" for verb in ("add", "change", "delete")}
        if isinstance(page, SensitiveReadsMixin) and page.sensitive_noun:
            verbs = {page.sensitive_verb} if page.sensitive_fields else set()
            verbs |= {"viewed", "list_viewed"} if page.shows_people else set()
            found |= {f"{page.sensitive_noun}.{verb}" for verb in verbs}
    return found


def verbs_of_the_admin() -> set[str]:
    """What `record_act` and `record_search` are told as their verb."""
    positions = {"record_act": 1, "record_search": 1, "record_read": 1}
    return {
        verb
        for _path, tree in modules()
        for scope in functions_in(tree)
        for name, call in calls_in(scope)
        if name in positions and len(call.args) > positions[name]
        for verb in texts_of(call.args[positions[name]], scope)
    }


def test_the_code_is_read_as_it_is() -> None:
    acts = acts_in_the_code()

    assert {"accounts.candidate.add", "bots.bot.set_webhook", "exports.run.ask"} <= acts
    assert "exports.audit_log.export" in acts_of_datasets()
    assert {"accounts.second_factor.verified", "accounts.second_factor.refused"} <= acts  # an f-string
    assert "bots.bot_user.phone_shown" in acts_of_the_admin()
    assert {"enable", "disable", "phone_searched"} <= verbs_of_the_admin()


def test_every_act_has_words() -> None:
    acts = acts_in_the_code() | acts_of_the_admin() | acts_of_datasets() | steps_of_plans()

    assert not {act for act in acts if noun_of(act) == act.rpartition(".")[0]}, "add them to NOUNS in audit/labels.py"
    verbs = {act.rpartition(".")[2] for act in acts} | verbs_of_the_admin()
    assert not verbs - set(VERBS), "add them to VERBS in audit/labels.py"


def test_an_act_reads_as_a_noun_and_a_verb() -> None:
    with override("en"):
        assert describe_action("accounts.candidate.change") == "Candidate: changed"
        assert describe_action("bots.inbound_update.retry") == "Inbound update: tried again"


def test_what_has_no_words_is_shown_as_its_code() -> None:
    assert describe_action("gone.model.vanish") == "gone.model: vanish"
    assert describe_kind("gone.model") == "gone.model"
    assert describe_field("gone.model", "some_field") == "some_field"
    assert describe_field("accounts.candidate", "gone_field") == "gone_field"
