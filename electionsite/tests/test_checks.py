"""Each system check fires for its reason, and none fires in a sound production."""

import subprocess

import pytest
from django.core.checks import run_checks

from common.crypto import make_key
from common.environment import PROJECT_DIR
from common.testing.processes import PYTHON, clean_environment
from electionsite.tests.production import production_environment

SOUND = {
    "ENVIRONMENT": "production",
    "IS_PRODUCTION": True,
    "DEBUG": False,
    "ALLOWED_HOSTS": ["bots.example.ir", ".example.org"],
    "PUBLIC_URL": "https://bots.example.ir",
    "INTAKE_URL": "https://bots.example.ir",
    "TRUSTED_PROXY_COUNT": 1,
    "RATELIMIT_ENABLE": True,
    "RATE_LIMITS_PER_MINUTE": {"default": 100, "sign-in": 5},
    "REDIS_URL": "redis://cache/0",
    "REDIS_QUEUE_URL": "redis://queue/0",
}
KEY = make_key()


def _ids(settings, **changes):
    for name, value in {**SOUND, **changes}.items():
        setattr(settings, name, value)
    ids = {message.id or "" for message in run_checks(tags=["security"])}
    return {number for number in ids if number.startswith("electionsite.")}


def test_a_sound_production_has_no_message(settings):
    assert _ids(settings) == set()


@pytest.mark.parametrize(
    ("expected", "changes"),
    [
        ("electionsite.E001", {"FIELD_KEYS": "no ring"}),
        ("electionsite.E001", {"FIELD_KEYS": "k1:short"}),
        ("electionsite.E002", {"BLIND_INDEX_KEY": "short"}),
        ("electionsite.E003", {"FIELD_KEYS": f"k1:{KEY}", "BLIND_INDEX_KEY": KEY}),
        ("electionsite.E003", {"FIELD_KEYS": f"k2:{make_key()},k1:{KEY}", "SECRET_KEY": KEY}),
        ("electionsite.E003", {"FIELD_KEYS": f"k1:{KEY}", "AUDIT_KEYS": f"k1:{KEY}"}),
        ("electionsite.E004", {"DEBUG": True}),
        ("electionsite.E005", {"ALLOWED_HOSTS": ["*"]}),
        ("electionsite.E006", {"PUBLIC_URL": "http://bots.example.ir"}),
        ("electionsite.E006", {"PUBLIC_URL": "https://"}),
        ("electionsite.E006", {"INTAKE_URL": "http://intake.example.ir"}),
        ("electionsite.E006", {"INTAKE_URL": ""}),
        ("electionsite.E007", {"PUBLIC_URL": "https://elsewhere.ir"}),
        ("electionsite.E009", {"RATE_LIMITS_PER_MINUTE": {"default": 0, "sign-in": 5}}),
        ("electionsite.E009", {"RATE_LIMITS_PER_MINUTE": {"default": 100, "sign-in": -5}}),
        ("electionsite.W001", {"TRUSTED_PROXY_COUNT": 0}),
        ("electionsite.W002", {"REDIS_QUEUE_URL": SOUND["REDIS_URL"]}),
        ("electionsite.W004", {"RATE_LIMITS_PER_MINUTE": {"default": 100, "sign-in": 101}}),
        ("electionsite.W005", {"RATELIMIT_ENABLE": False}),
    ],
)
def test_fires_alone(settings, expected, changes):
    assert _ids(settings, **changes) == {expected}


@pytest.mark.parametrize(
    ("host", "options", "expected"),
    [
        ("db.internal", {}, {"electionsite.W003"}),
        ("db.internal", {"sslmode": "disable"}, set()),
        ("/run/postgresql", {}, set()),
        ("localhost", {}, set()),
    ],
)
def test_the_way_to_a_distant_database_needs_a_decision(settings, monkeypatch, host, options, expected):
    monkeypatch.setitem(settings.DATABASES["default"], "HOST", host)
    monkeypatch.setitem(settings.DATABASES["default"], "OPTIONS", options)
    assert _ids(settings) == expected


def test_what_is_handy_is_allowed_outside_production(settings):
    handy = {
        "ENVIRONMENT": "development",
        "IS_PRODUCTION": False,
        "DEBUG": True,
        "ALLOWED_HOSTS": ["*"],
        "PUBLIC_URL": "",
    }
    assert _ids(settings, **handy) == set()


def _check_deploy(tmp_path, **environment):
    command = [PYTHON, "-W", "error", "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    environment = clean_environment(tmp_path, **environment)
    return subprocess.run(command, cwd=PROJECT_DIR, env=environment, capture_output=True, text=True, check=False)


def test_the_deployment_check_is_clean_in_production(tmp_path):
    done = _check_deploy(tmp_path, **production_environment())
    assert done.returncode == 0, done.stderr


def test_the_test_environment_is_refused_outside_the_tests(tmp_path):
    done = _check_deploy(tmp_path, ELECTIONSITE_ENVIRONMENT="test")
    assert done.returncode == 1
    assert "electionsite.E008" in done.stderr
