"""What our code never does, read from its syntax. Tests and migrations may."""

import ast
import re
from collections.abc import Iterator

import pytest

from common.environment import PROJECT_DIR

PACKAGES = ("electionsite", "exports", "scaling", "bots", "plans", "accounts", "audit", "common")
NOT_OURS = ("tests", "testing", "migrations")
# Who encrypts, hashes or makes keys. Whoever joins them should rather call one of them.
KNOWS_CRYPTOGRAPHY = {
    "accounts/models/second_factor.py",
    "audit/seals/chain.py",
    "audit/seals/rows.py",
    "bots/intake/application.py",
    "bots/services/broadcasts.py",
    "common/crypto.py",
    "electionsite/csp_report.py",
    "exports/backup/copying.py",
    "exports/backup/sealed.py",
    "exports/backup/staging.py",
    "exports/backup/writing.py",
    "exports/files.py",
    "exports/links/ticket.py",
    "exports/links/token.py",
    "exports/vault/tink_format.py",
    "plans/public_list.py",
}
STARTS_PROGRAMS = {
    "common/embedded",
    "common/processes.py",
    "electionsite/local",
    "electionsite/management/commands",
    "exports/backup/rehearsing.py",  # this program itself, on a scratch database; without words of anybody
}


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Each file of ours with its syntax tree."""
    for package in PACKAGES:
        for path in sorted((PROJECT_DIR / package).rglob("*.py")):
            name = path.relative_to(PROJECT_DIR).as_posix()
            if not set(NOT_OURS) & set(name.split("/")):
                yield name, ast.parse(path.read_text(encoding="utf-8"))


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Each call of our code: its place, the dotted name that is called, the call."""
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield f"{name}:{node.lineno}", ast.unparse(node.func), node


def imports() -> Iterator[tuple[str, str]]:
    """Each import of our code: its file, and what is imported, with dots."""
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from ((name, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((name, f"{node.module}.{alias.name}") for alias in node.names)


def importers_of(*modules: str) -> set[str]:
    return {name for name, found in imports() if any(f"{found}.".startswith(f"{module}.") for module in modules)}


def test_the_walk_finds_our_code():
    files = {name for name, _tree in sources()}
    assert {"electionsite/settings.py", "common/crypto.py", "bots/intake/application.py"} <= files
    assert importers_of("cryptography") >= {"common/crypto.py"}


@pytest.mark.parametrize("function", ["eval", "exec", "compile", "__import__"])
def test_no_code_is_made_of_text(function):
    assert [place for place, name, _call in calls() if name == function] == []


def test_no_template_is_made_of_text():
    makers = re.compile(r"(.*\.)?(Template|from_string)")
    assert [place for place, name, _call in calls() if makers.fullmatch(name)] == []


def test_no_command_goes_through_a_shell():
    shells = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}
    for place, name, call in calls():
        assert name not in shells, place
        assert not any(keyword.arg == "shell" for keyword in call.keywords), place


def test_only_what_runs_on_ones_own_machine_starts_programs():
    places = {name for name in importers_of("subprocess") if not name.startswith(tuple(STARTS_PROGRAMS))}
    assert places == set()


def test_no_objects_are_loaded_from_bytes():
    assert importers_of("pickle", "marshal", "shelve", "yaml", "dill", "jsonpickle") == set()


def test_xml_is_read_in_one_place_that_refuses_entities():
    assert importers_of("xml", "lxml", "defusedxml") <= {"common/uploads/workbook.py"}


def test_nothing_that_must_not_be_guessed_comes_from_the_random_module():
    assert importers_of("random") == set()
    # Of the makers of UUIDs only this one asks the system for randomness (RFC 9562, 5.4).
    made = {name.rpartition(".")[2] for _place, name, _call in calls() if name.rpartition(".")[2].startswith("uuid")}
    assert made == {"uuid4"}


def test_cryptography_is_used_in_few_known_places():
    assert importers_of("cryptography", "hashlib", "hmac", "ssl", "nacl") <= KNOWS_CRYPTOGRAPHY


def test_weak_hashes_and_modes_are_used_nowhere():
    weak = re.compile(r"(.*\.)?(md5|sha1|MD5|SHA1|ECB|ARC4|TripleDES|Blowfish|PKCS1v15)")
    assert [place for place, name, _call in calls() if weak.fullmatch(name)] == []


def test_certificates_are_verified_everywhere():
    for place, _name, call in calls():
        doubted = [keyword for keyword in call.keywords if keyword.arg in {"verify", "check_hostname", "cert_reqs"}]
        assert doubted == [], place


def test_no_form_of_text_comes_from_elsewhere():
    for place, name, call in calls():
        if isinstance(call.func, ast.Attribute) and call.func.attr in {"format", "format_map"}:
            # psycopg's own composing takes parts of SQL and quoted names, no values.
            is_sql = name.startswith("sql.SQL(")
            assert isinstance(call.func.value, ast.Constant) or name.split(".")[0].isupper() or is_sql, place


@pytest.mark.parametrize(
    "word", ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "postMessage"]
)
def test_our_scripts_make_no_markup_and_no_code_of_text(word):
    for package in PACKAGES:
        for script in (PROJECT_DIR / package).rglob("static/**/*.js"):
            assert word not in script.read_text(encoding="utf-8"), script


@pytest.mark.parametrize("store", ["localStorage", "sessionStorage", "indexedDB", "document.cookie"])
def test_our_scripts_keep_nothing_in_the_browser(store):
    for package in PACKAGES:
        for script in (PROJECT_DIR / package).rglob("static/**/*.js"):
            assert store not in script.read_text(encoding="utf-8"), script
