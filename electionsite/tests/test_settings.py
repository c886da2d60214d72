"""The settings, read anew from environments of all kinds."""

import re
import runpy

import pytest
from django.core.exceptions import ImproperlyConfigured
from kombu.connection import Connection

from accounts.testing import PASSWORD, make_staff
from common.environment import PROJECT_DIR
from electionsite.tests.production import production_environment

SETTINGS = PROJECT_DIR / "electionsite" / "settings.py"
NEEDED = {
    "ELECTIONSITE_SECRET_KEY", "ELECTIONSITE_FIELD_KEYS", "ELECTIONSITE_BLIND_INDEX_KEY",
    "ELECTIONSITE_ALLOWED_HOSTS", "ELECTIONSITE_PUBLIC_URL", "DATABASE_URL", "REDIS_URL",
}  # fmt: skip


@pytest.fixture
def read(monkeypatch, tmp_path):
    """Reads the settings from an environment that holds nothing but what is given."""

    def read_settings(environment):
        for name in (*NEEDED, *_variables_read()):
            monkeypatch.delenv(name, raising=False)
        for name, value in {"ELECTIONSITE_DATA_DIR": str(tmp_path), **environment}.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(SETTINGS))

    return read_settings


def _variables_read():
    """The names of all variables that the code asks the environment for."""
    calls = re.compile(r"""(?:environment\.\w+|secrets\.\w+|_is_set)\(\s*"([A-Z_]+)\"""")
    files = [path for path in PROJECT_DIR.glob("*/**/*.py") if "tests" not in path.parts and ".venv" not in path.parts]
    required = re.search(r"for required in \(([^)]*)\)", SETTINGS.read_text(encoding="utf-8"))
    assert required
    return {name for path in files for name in calls.findall(path.read_text(encoding="utf-8"))} | set(
        re.findall(r'"(\w+)"', required.group(1))
    )


def test_a_production_with_all_it_needs_starts(read):
    settings = read(production_environment())
    assert settings["IS_PRODUCTION"]
    assert settings["SESSION_COOKIE_SECURE"]
    assert settings["CSRF_TRUSTED_ORIGINS"] == ["https://bots.example.ir"]
    assert "MD5" not in settings["PASSWORD_HASHERS"][0]


@pytest.mark.django_db
def test_the_cookies_of_production_are_for_this_host_under_tls_alone(read, settings, client):
    production = read(production_environment())
    for name in (name for name in production if "_COOKIE_" in name):
        setattr(settings, name, production[name])
    make_staff(username="sara")
    client.post("/language/setlang/", {"language": "en"}, secure=True)
    client.get("/admin/login/", secure=True)
    client.post("/admin/login/", {"username": "sara", "password": PASSWORD}, secure=True)
    assert {"__Host-sessionid", "__Host-csrftoken", "__Host-django_language"} <= set(client.cookies)
    for cookie in client.cookies.values():
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
        assert (cookie["path"], cookie["domain"]) == ("/", "")


@pytest.mark.parametrize(
    ("given", "host", "origins"),
    [
        ({}, "bots.example.ir", ["https://bots.example.ir"]),
        (
            {"ELECTIONSITE_PASSKEY_HOST": "example.ir", "ELECTIONSITE_PASSKEY_ORIGINS": "https://staff.example.ir"},
            "example.ir",
            ["https://staff.example.ir"],
        ),
    ],
)
def test_passkeys_belong_to_the_host_that_staff_type(read, given, host, origins):
    settings = read(production_environment(**given))
    assert (settings["OTP_WEBAUTHN_RP_ID"], settings["OTP_WEBAUTHN_ALLOWED_ORIGINS"]) == (host, origins)
    assert settings["OTP_WEBAUTHN_ALLOW_PASSWORDLESS_LOGIN"] is False


def test_production_names_everything_that_is_missing_at_once(read):
    with pytest.raises(ImproperlyConfigured) as refused:
        read({"ELECTIONSITE_ENVIRONMENT": "production"})
    assert all(f"{name} (or {name}_FILE)" in str(refused.value) for name in NEEDED)


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_production_refuses_each_that_is_missing_or_empty(read, name):
    with pytest.raises(ImproperlyConfigured, match=f"needs these settings: {name} "):
        read(production_environment(**{name: ""}))


def test_secrets_may_come_from_files(read, tmp_path):
    environment = production_environment()
    for name in NEEDED:
        (tmp_path / name).write_text(environment.pop(name) + "\n", encoding="utf-8")
        environment[f"{name}_FILE"] = str(tmp_path / name)
    settings = read(environment)
    assert settings["SECRET_KEY"] == (tmp_path / "ELECTIONSITE_SECRET_KEY").read_text().strip()
    assert settings["DATABASES"]["default"]["NAME"] == "electionsite"
    assert settings["DATABASES"]["default"]["OPTIONS"]["sslmode"] == "verify-full"
    assert settings["REDIS_URL"] == "redis://cache.internal/0"
    assert settings["ALLOWED_HOSTS"] == ["bots.example.ir"]
    assert settings["PUBLIC_URL"] == "https://bots.example.ir"


def test_a_mistyped_environment_is_refused(read):
    with pytest.raises(ImproperlyConfigured, match="prodcution"):
        read({"ELECTIONSITE_ENVIRONMENT": "prodcution"})


@pytest.mark.parametrize("environment", [{}, production_environment()])
def test_outside_the_tests_bcrypt_alone_hashes_passwords(read, environment):
    assert read(environment)["PASSWORD_HASHERS"] == ["django.contrib.auth.hashers.BCryptSHA256PasswordHasher"]


def test_secrets_of_this_machine_are_made_once(read):
    first, second = read({}), read({})
    for name in ("SECRET_KEY", "FIELD_KEYS", "BLIND_INDEX_KEY"):
        assert first[name] == second[name] != ""


@pytest.mark.parametrize(
    ("url", "host", "name", "user", "port"),
    [
        ("postgresql://ann@/site?host=/var/run/postgresql", "/var/run/postgresql", "site", "ann", ""),
        ("postgresql://ann@%2Fvar%2FRun%2Fpg/site", "/var/Run/pg", "site", "ann", ""),
        ("postgresql://ann@%2Fsrv%2Fwith%20space:6432/site", "/srv/with space", "site", "ann", "6432"),
        ("postgresql:///site?host=/srv/a%20b&user=ann&port=5433", "/srv/a b", "site", "ann", "5433"),
        ("postgres://ann:s%40fe%2F@db.internal:5432/site", "db.internal", "site", "ann", "5432"),
        ("postgresql://ann@[::1]/site", "::1", "site", "ann", ""),
    ],
)
def test_database_addresses(read, url, host, name, user, port):
    database = read({"DATABASE_URL": url})["DATABASES"]["default"]
    assert (database["HOST"], database["NAME"], database["USER"], database["PORT"]) == (host, name, user, port)
    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert not {"host", "user", "port", "dbname"} & set(database["OPTIONS"])


def test_a_password_is_decoded_and_options_reach_the_driver(read):
    url = "postgresql://ann:s%40fe%2F@db/site?sslmode=require&application_name=site"
    database = read({"DATABASE_URL": url})["DATABASES"]["default"]
    assert database["PASSWORD"] == "s@fe/"
    assert database["OPTIONS"] == {"sslmode": "require", "application_name": "site", "connect_timeout": 5}


@pytest.mark.parametrize("url", ["mysql://db/site", "sqlite:///file", "nonsense", "postgresql://db/site?nonsense=1"])
def test_what_is_no_postgresql_is_refused_without_telling_passwords(read, url):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        read({"DATABASE_URL": url})


@pytest.mark.parametrize(
    ("cache", "queue", "broker", "path_or_host", "number"),
    [
        ("unix:///run/redis.sock?db=2", "", "redis+socket:///run/redis.sock?virtual_host=3", "/run/redis.sock", 3),
        ("unix:///run/redis.sock", "", "redis+socket:///run/redis.sock?virtual_host=1", "/run/redis.sock", 1),
        ("unix:///srv/a%20b/r.sock", "", "redis+socket:///srv/a%20b/r.sock?virtual_host=1", "/srv/a b/r.sock", 1),
        ("unix://:word@/run/r.sock", "", "redis+socket://:word@/run/r.sock?virtual_host=1", "/run/r.sock", 1),
        ("redis://cache:6380/0", "", "redis://cache:6380/1", "cache", 1),
        ("redis://:word@cache/15", "", "redis://:word@cache/14", "cache", 14),
        ("redis://cache", "redis://queue", "redis://queue", "queue", 0),
        ("redis://cache/0", "unix:///run/q.sock?db=2", "redis+socket:///run/q.sock?virtual_host=2", "/run/q.sock", 2),
    ],
)
def test_queue_addresses(read, cache, queue, broker, path_or_host, number):
    settings = read({"REDIS_URL": cache, "REDIS_QUEUE_URL": queue})
    assert settings["CELERY_BROKER_URL"] == broker
    with Connection(broker) as connection:
        parameters = connection.transport.Channel._connparams(_channel_of(connection))
    assert parameters["db"] == number
    assert parameters.get("path", parameters.get("host")) == path_or_host
    assert parameters["password"] == ("word" if "word" in broker else None)


def _channel_of(connection):
    """What Celery's transport reads its parameters with, without a server."""
    from unittest.mock import MagicMock

    transport = connection.transport
    channel = MagicMock(spec=transport.Channel, wraps=None)
    channel.connection = MagicMock(client=connection, default_port=6379)
    for name in ("_prepare_virtual_host", "_filter_tcp_connparams", "_process_credential_provider"):
        setattr(channel, name, getattr(transport.Channel, name).__get__(channel))
    channel.connection_class = transport.Channel.connection_class or __import__("redis").Connection
    return channel


@pytest.mark.parametrize("url", ["amqp://queue", "redis://cache/first", "cache:6379"])
def test_what_is_no_redis_is_refused(read, url):
    with pytest.raises(ImproperlyConfigured):
        read({"REDIS_URL": url})


def test_every_variable_stands_in_the_example(read):
    example = (PROJECT_DIR / ".env.example").read_text(encoding="utf-8")
    listed = set(re.findall(r"^#?\s?([A-Z][A-Z_]+)=", example, flags=re.MULTILINE))
    assert listed == _variables_read()


def test_the_example_is_a_production_once_its_blanks_are_filled(read):
    example = (PROJECT_DIR / ".env.example").read_text(encoding="utf-8")
    given = dict(re.findall(r"^([A-Z][A-Z_]+)=(.*)$", example, flags=re.MULTILINE))
    made = {name: value for name, value in production_environment().items() if not given.get(name)}
    assert read({**given, **{name: made[name] for name in given if name in made}})["IS_PRODUCTION"]


def test_an_empty_variable_is_an_unset_one(read):
    empty = {"ELECTIONSITE_TRUSTED_PROXY_COUNT": "", "ELECTIONSITE_DEBUG": "", "DATABASE_URL": "", "REDIS_URL": " "}
    settings = read(empty)
    assert (settings["TRUSTED_PROXY_COUNT"], settings["DEBUG"]) == (0, False)
    assert settings["REDIS_URL"].startswith("unix://")


def test_a_secret_file_that_is_missing_is_named(read):
    with pytest.raises(ImproperlyConfigured, match="/no/such/file"):
        read({"ELECTIONSITE_SECRET_KEY_FILE": "/no/such/file"})
