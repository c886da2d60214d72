"""What no line may do: compose SQL of values, or put text on a page unescaped. Exceptions are few, and named."""

import ast
import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "audit", "bots", "common", "electionsite", "exports", "plans", "scaling")

# Each was looked at: names of our own tables and columns and whole numbers go in, never a value that somebody sent.
REVIEWED_SQL = {
    ("accounts/services/sign_in.py", "COUNT"): "our own table's name",
    ("audit/finding.py", "_DISTINCT.format(column=connection.ops.quote_name(column))"): "a quoted name of our own",
    ("audit/services.py", "INSERT"): "our own column names",
    ("audit/seals/rows.py", "ROWS.format(first=int(first), last=int(last))"): "COPY takes no parameters; two numbers",
    (
        "bots/sending/deliveries.py",
        "QUEUE.format(people=query)",
    ): "SQL of a query of ours; values are parameters",
    ("common/embedded/postgresql.py", "f'CREATE DATABASE {DATABASE_NAME}'"): "a constant",
    ("exports/backup/statements.py", "statement"): "quoted names of our own models; values are parameters",
    (
        "exports/backup/copying.py",
        "statement",
    ): "COPY takes no parameters; names and the ORM's SQL with values as psycopg has quoted them",
    (
        "exports/backup/rehearsing.py",
        "sql.SQL('CREATE DATABASE {} TEMPLATE template0').format(sql.Identifier(name))",
    ): "a name of our own, quoted by psycopg",
    (
        "exports/backup/rehearsing.py",
        "sql.SQL('DROP DATABASE {} WITH (FORCE)').format(sql.Identifier(name))",
    ): "a name of our own, quoted by psycopg",
    ("exports/engine/reading.py", "statement"): "the ORM's SQL, and ours by a column's kind; values are parameters",
    ("plans/moving.py", "way.change"): "our own statements, by direction; values are parameters",
    ("plans/moving.py", "way.leave"): "our own statements, by direction; values are parameters",
    ("plans/moving.py", "way.fail"): "our own statements, by direction; values are parameters",
    (
        "common/partitions.py",
        "statement",
    ): "quoted names of our own, and literals that psycopg makes",
    ("common/set_wise.py", "statement"): "literal, or composed below of literal parts; values are parameters",
    ("common/set_wise.py", "sql.SQL(words).format(rows=came)"): "literal words and columns, as asked for here",
    ("common/key_rotation.py", "statement"): "quoted names of our own models; values are parameters",
}
# Each was looked at: what it marks is made by a library that escapes, or holds no text of anybody's.
REVIEWED_MARKUP = {
    "accounts/admin/allowed_networks.py": "our own words around an address that format_html has escaped",
    "accounts/pages.py": "the QR code as segno draws it",
    "common/sanitize.py": "what bleach has cleaned",
}
SQL_METHODS = {"execute", "executemany", "copy", "raw", "extra", "RawSQL", "fetch_rows", "run_set_wise"}
MARKUP_MAKERS = {"mark_safe", "SafeString", "SafeText", "html_safe"}
UNESCAPED = re.compile(r"\|\s*safe(seq)?\b|autoescape\s+off")
NOT_FOR_THE_POLICY = {
    "a style attribute": re.compile(r"<[^>]+\sstyle\s*=", re.IGNORECASE),
    "an event handler": re.compile(r"<[^>]+\son[a-z]+\s*=", re.IGNORECASE),
    "a script or style without a nonce": re.compile(r"<(?:script|style)\b(?![^>]*(?:\ssrc=|\snonce=))", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "a foreign host": re.compile(r"""(?:src|<link[^>]*href|action)\s*=\s*["'](?:https?:)?//""", re.IGNORECASE),
}


def modules():
    for app in APPS:
        for path in sorted((PROJECT / app).rglob("*.py")):
            if not {"tests", "testing", "migrations"} & set(path.parts):
                yield str(path.relative_to(PROJECT)), ast.parse(path.read_text())


def templates():
    for app in APPS:
        for path in sorted((PROJECT / app).rglob("templates/**/*")):
            if path.is_file():
                yield str(path.relative_to(PROJECT)), path.read_text()


def called(node):
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def constants(trees):
    """The names that modules give to literal text, and none to anything else."""
    assigned = [
        (target.id, is_literal(node.value))
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    return {name for name, literal in assigned if literal} - {name for name, literal in assigned if not literal}


def is_literal(node, names=frozenset()):
    return (isinstance(node, ast.Constant) and isinstance(node.value, str)) or getattr(node, "id", "") in names


def is_sql(node):
    """Whether a call may send SQL; a command's `execute(*args)` is none."""
    return called(node) in SQL_METHODS and node.args and not isinstance(node.args[0], ast.Starred)


def calls():
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield path, node


def test_no_sql_is_composed_of_values():
    names = constants(tree for _path, tree in modules())

    found = {
        (path, ast.unparse(node.args[0]))
        for path, node in calls()
        if is_sql(node) and not is_literal(node.args[0], names)
    }

    assert found == REVIEWED_SQL.keys()


def test_nothing_is_put_on_a_page_unescaped():
    found = {path for path, node in calls() if called(node) in MARKUP_MAKERS}

    assert found == REVIEWED_MARKUP.keys()
    assert [path for path, text in templates() if UNESCAPED.search(text)] == []


def test_markup_is_formatted_from_literal_text_only():
    names = constants(tree for _path, tree in modules())

    for path, node in calls():
        if called(node) in {"format_html", "format_html_join"}:
            text = node.args[0 if called(node) == "format_html" else 1]
            assert is_literal(text, names), f"{path}:{node.lineno}"


def test_no_template_needs_what_the_policy_forbids():
    found = [
        f"{path}: {words}"
        for path, text in templates()
        for words, pattern in NOT_FOR_THE_POLICY.items()
        if pattern.search(text)
    ]

    assert found == []
