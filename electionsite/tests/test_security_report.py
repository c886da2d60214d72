import json
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AllowedNetwork, User
from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from common.environment import PROJECT_DIR
from common.testing.database import triggers_off
from electionsite.security_report.markdown import PAGE, render
from electionsite.security_report.problems import problems_of
from electionsite.security_report.register import Judgement, Register, Requirement, Status, load_register
from electionsite.security_report.state import installation_state

pytestmark = pytest.mark.django_db

THIS_TEST = "electionsite/tests/test_security_report.py::test_the_register_and_the_page_are_sound"


def report(*options: str, capsys: pytest.CaptureFixture[str]) -> str:
    call_command("security_report", *options)
    return capsys.readouterr().out


def register_with(judgement: Judgement | None = None, **changes) -> Register:
    """A register of one requirement, with what is said about it."""
    requirement = Requirement("V1.2.3", 1, "Encoding", "Injection", "Verify that | is escaped.")
    judgements = {"V1.2.3": judgement} if judgement else {}
    return replace(Register((requirement,), judgements, ()), **changes)


def met(**changes) -> Judgement:
    return replace(Judgement(Status.MET, "By this.", (THIS_TEST,)), **changes)


def test_the_register_and_the_page_are_sound(capsys):
    assert "docs/security.md" in report("--check", capsys=capsys)


def test_every_requirement_of_levels_one_and_two_is_answered():
    register = load_register()
    assert len(register.requirements) == 253
    assert all(register.judgement_of(requirement) for requirement in register.requirements)


@pytest.mark.parametrize(
    ("judgement", "words"),
    [
        (None, "is missing"),
        (met(tests=()), "no test proves it"),
        (met(tests=("electionsite/tests/test_security_report.py::test_nowhere",)), "there is no test"),
        (met(tests=("nowhere/tests/test_x.py::test_x",)), "there is no test"),
        (met(tests=("electionsite/tests/test_security_report.py::report",)), "there is no test"),
        (met(note=" "), "how or why"),
        (Judgement(Status.NOT_MET, "Not yet."), "what would be needed"),
        (Judgement(Status.OPERATOR, "They do."), "no existing page"),
        (Judgement(Status.OPERATOR, "They do.", documented="operators.md#nowhere"), "no existing page"),
    ],
)
def test_a_gap_and_a_claim_without_proof_are_named(judgement, words):
    (problem,) = problems_of(register_with(judgement))
    assert "V1.2.3" in problem
    assert words in problem


def test_a_sound_register_has_no_problems():
    assert problems_of(register_with(met())) == []
    documented = Judgement(Status.OPERATOR, "They do.", documented="operators.md#tls-and-host-names")
    assert problems_of(register_with(documented)) == []


def test_a_whole_section_can_only_be_called_not_applicable():
    about_section = {"V1.2": Judgement(Status.NOT_APPLICABLE, "None here.")}
    assert problems_of(register_with(judgements=about_section)) == []
    assert problems_of(register_with(judgements={"V1": met()})) == [
        "V1: only “not applicable” may be said of a whole section or chapter."
    ]


def test_what_is_no_requirement_is_named():
    strange = {"V1.2.3": met(), "V1.2.99": met()}
    assert problems_of(register_with(judgements=strange)) == ["V1.2.99 is no requirement of levels 1 and 2."]


def test_the_page_escapes_what_would_end_a_cell():
    page = render(register_with(met()))
    assert "**V1.2.3** Verify that \\| is escaped." in page
    assert "[the register and the page are sound](../electionsite/tests/test_security_report.py)" in page


def test_a_page_that_is_out_of_date_fails_with_the_difference(monkeypatch, tmp_path):
    old = tmp_path / "security.md"
    old.write_text(PAGE.read_text(encoding="utf-8").replace("# Security", "# Insecurity", 1), encoding="utf-8")
    monkeypatch.setattr("electionsite.management.commands.security_report.PAGE", old)
    with pytest.raises(CommandError) as failed:
        call_command("security_report", "--check")
    assert "-# Insecurity\n+# Security" in str(failed.value)


def test_the_page_is_written_to_a_file_or_printed(capsys, tmp_path):
    file = tmp_path / "page.md"
    report(f"--markdown={file}", capsys=capsys)
    assert file.read_text(encoding="utf-8") == report("--markdown=-", capsys=capsys) == render(load_register())


def test_ci_checks_it():
    assert "manage.py security_report --check" in (PROJECT_DIR / ".ci" / "check").read_text(encoding="utf-8")


def fact(name: str):
    return next(fact for fact in installation_state() if fact.name == name)


def test_an_installation_is_told_with_both_tables_in_short(capsys):
    told = report(capsys=capsys)
    assert "Content security policy" in told
    assert "10. Audit" in told
    assert "met, each with a test" in told


def test_an_installation_is_told_to_programs(capsys):
    data = json.loads(report("--json", capsys=capsys))
    assert {fact["name"] for fact in data["state"]} >= {"debug", "keys", "locked", "last_seal"}
    assert sum(data["counts"].values()) == len(data["requirements"]) == 253


def test_staff_without_a_second_factor_are_counted():
    sign_in(make_staff(Role.OWNER))
    assert not fact("without_second_factor").needs_attention
    make_staff()
    User.objects.filter(pk=make_staff().pk).update(is_active=False)
    assert fact("without_second_factor").value == "1"
    assert fact("staff").value == "2"


def test_values_under_old_keys_and_keys_that_are_missing_are_counted(settings):
    make_candidate(phone="+989127025006")
    assert fact("old_values").value == "0"
    old_id, _colon, old_key = settings.FIELD_KEYS.partition(":")
    new_key = "A" * 42 + "E="
    settings.FIELD_KEYS = f"new1:{new_key},{old_id}:{old_key}"
    assert (fact("old_values").value, fact("old_values").needs_attention) == ("1", True)
    settings.FIELD_KEYS = f"new1:{new_key}"
    assert fact("unreadable_values").value == f"{old_id}: 1"


def test_an_admin_that_opens_from_everywhere_needs_attention():
    assert fact("networks").needs_attention
    AllowedNetwork.objects.create(network="192.0.2.0/24")
    assert not fact("networks").needs_attention


def test_a_trigger_that_is_off_or_could_be_switched_off_needs_attention():
    assert not fact("triggers").needs_attention
    assert fact("owns_audit").needs_attention  # the tests' role owns its tables
    with triggers_off():
        assert fact("triggers").value == "audit_auditlog, audit_auditseal"


def test_what_the_system_checks_say_needs_attention(settings):
    settings.FIELD_KEYS = f"{settings.FIELD_KEYS},x:{settings.BLIND_INDEX_KEY}"
    assert "electionsite.E003" in fact("checks").value
