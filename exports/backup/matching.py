"""What each staged row is to this system: new, here already, another than the one here, or in the way of another.

Each step is a statement over a whole table. Parents come before children, so that a child's foreign keys hold the
numbers of this system when its turn comes.
"""

from common.crypto import decrypt
from exports.backup.staging import COLLIDES, DIFFERS, LEFT, NEW, PART, SAME, staged
from exports.backup.statements import name, names, read, read_in_parts, run
from exports.backup.tables import Table

COMPARED_AT_ONCE = 1000
# Unique indexes beside the primary key, also those with a condition; expressions are not among their columns here.
UNIQUE_INDEXES = """
SELECT array_agg(attribute.attname ORDER BY place.ordinality), coalesce(pg_get_expr(indpred, indrelid), 'true')
FROM pg_index CROSS JOIN unnest(indkey) WITH ORDINALITY AS place (number, ordinality)
JOIN pg_attribute AS attribute ON attribute.attrelid = indrelid AND attribute.attnum = place.number
WHERE indrelid = %s::regclass AND indisunique AND NOT indisprimary
GROUP BY indexrelid, indpred, indrelid ORDER BY indexrelid
"""


def match(table: Table, columns: list[str], *, staged_tables: set[str], may_add: bool) -> None:
    """Give each staged row of a table its fate, and its number here.

    `columns` are the staged ones; `may_add` is false for tables whose rows only help to find others.
    """
    _follow_parents(table, columns, staged_tables)
    _find_same(table)
    if not may_add:
        run(f"UPDATE {staged(table.name)} SET fate = '{LEFT}' WHERE fate = '{NEW}'")  # noqa: S608
        return
    _leave_parts(table)
    _find_differing(table, columns)
    _find_colliding(table, columns)
    if table.has_number:
        _number_anew(table)


def _follow_parents(table: Table, columns: list[str], staged_tables: set[str]) -> None:
    """Let foreign keys name the parents by their numbers here; who names a parent that isn't here is left out."""
    stage = staged(table.name)
    for column, parent in table.parents.items():
        if column not in columns:
            continue
        key, may_be_empty = name(column), _may_be_empty(table, column)
        orphans = f"{key} IS NOT NULL"
        if parent in staged_tables:
            orphans += f" AND NOT EXISTS (SELECT FROM {staged(parent)} AS parent WHERE parent.id = {stage}.{key}"
            orphans += f" AND parent.fate <> '{LEFT}')"
        change = f"{key} = NULL" if may_be_empty else f"fate = '{LEFT}'"
        run(f"UPDATE {stage} SET {change} WHERE {orphans}")  # noqa: S608
        if parent in staged_tables:
            run(
                f"UPDATE {stage} AS child SET {key} = parent.number_here FROM {staged(parent)} AS parent "  # noqa: S608
                f"WHERE child.{key} = parent.id AND parent.number_here <> parent.id"
            )
    for rewrite in REWRITES.get(table.label, ()):
        run(rewrite)


def _find_same(table: Table) -> None:
    keys = " AND ".join(f"{key_of(one, 'here')} = {key_of(one, 'came')}" for one in table.key)
    number = ", number_here = here.id" if table.has_number else ""
    run(
        f"UPDATE {staged(table.name)} AS came SET fate = '{SAME}'{number} FROM {name(table.name)} AS here "  # noqa: S608
        f"WHERE came.fate = '{NEW}' AND {keys}"
    )


def _leave_parts(table: Table) -> None:
    """What belongs to a whole that is here already isn't added to it: the whole stays as it is."""
    if not table.part_of:
        return
    parent, column = staged(table.parents[table.part_of]), name(table.part_of)
    kept = [DIFFERS, PART] if table.may_be_completed else [SAME, DIFFERS, PART]
    run(
        f"UPDATE {staged(table.name)} AS came SET fate = '{PART}' FROM {parent} AS whole "  # noqa: S608
        f"WHERE came.fate = '{NEW}' AND whole.number_here = came.{column} AND whole.fate = ANY(%s)",
        [kept],
    )


def _find_differing(table: Table, columns: list[str]) -> None:
    keys = [one for one in table.key if one.isidentifier()]
    plain = [
        column for column in columns
        if column != "id" and column not in table.volatile and column not in table.encrypted and column not in keys
    ]  # fmt: skip
    same_row = _same_row(table)
    if plain:
        came, here = (", ".join(f"{row}.{name(column)}" for column in plain) for row in ("came", "here"))
        run(
            f"UPDATE {staged(table.name)} AS came SET fate = '{DIFFERS}' FROM {name(table.name)} AS here "  # noqa: S608
            f"WHERE came.fate = '{SAME}' AND {same_row} AND ROW({came}) IS DISTINCT FROM ROW({here})"
        )
    for column in table.encrypted:
        if column in columns and column not in table.volatile and table.has_number:
            _compare_encrypted(table, column)


def _compare_encrypted(table: Table, column: str) -> None:
    """The same text is encrypted to another one each time, so both are read."""
    context, differing = table.encrypted[column].context, []
    pairs = (
        f"SELECT came.id, came.{name(column)}, here.{name(column)} FROM {staged(table.name)} AS came "  # noqa: S608
        f"JOIN {name(table.name)} AS here ON {_same_row(table)} WHERE came.fate = '{SAME}'"
    )
    for rows in read_in_parts(pairs, rows_at_once=COMPARED_AT_ONCE):
        differing += [number for number, came, here in rows if _text(came, context) != _text(here, context)]
    run(f"UPDATE {staged(table.name)} SET fate = '{DIFFERS}' WHERE id = ANY(%s)", [differing])  # noqa: S608


def _text(stored: str | None, context: str) -> str:
    return decrypt(stored, context=context) if stored else ""


def _find_colliding(table: Table, columns: list[str]) -> None:
    stage = staged(table.name)
    for unique, condition in read(UNIQUE_INDEXES, [table.name]):
        if not set(unique) <= {*columns, *table.blind_indexes}:
            continue
        unique_columns = names(unique)
        run(
            f"UPDATE {stage} SET fate = '{COLLIDES}' WHERE fate = '{NEW}' AND ({condition}) "  # noqa: S608
            f"AND ({unique_columns}) IN (SELECT {unique_columns} FROM {name(table.name)} WHERE {condition})"
        )


def _number_anew(table: Table) -> None:
    """New rows keep their numbers; those whose number another row has here get one that nobody had, here or there."""
    stage, here = staged(table.name), name(table.name)
    run(f"UPDATE {stage} SET number_here = id WHERE fate NOT IN ('{SAME}', '{DIFFERS}')")  # noqa: S608
    run(
        f"WITH taken AS (SELECT id, row_number() OVER (ORDER BY id) AS place FROM {stage} AS came "  # noqa: S608
        f"WHERE fate = '{NEW}' AND EXISTS (SELECT FROM {here} AS here WHERE here.id = came.id)), "
        f"highest AS (SELECT greatest((SELECT max(id) FROM {here}), (SELECT max(id) FROM {stage}), "
        f"pg_sequence_last_value(pg_get_serial_sequence('{table.name}', 'id')::regclass)) AS number) "
        f"UPDATE {stage} AS came SET number_here = highest.number + taken.place "
        "FROM taken, highest WHERE came.id = taken.id"
    )


def _same_row(table: Table) -> str:
    if table.has_number:
        return "here.id = came.number_here"
    return " AND ".join(f"{key_of(one, 'here')} = {key_of(one, 'came')}" for one in table.key)


def key_of(words: str, row: str) -> str:
    """A part of a table's key, of the row that the statement calls so."""
    return f"{row}.{name(words)}" if words.isidentifier() else words.replace("{row}", row)


def _may_be_empty(table: Table, column: str) -> bool:
    return table.fields[column].null


# Keys and lists that hold the numbers of other rows, without being foreign keys.
REWRITES = {
    "bots.OutboxMessage": (
        "UPDATE restore_bots_outboxmessage AS came "
        "SET cause = concat_ws(':', 'reply', parent.number_here, split_part(cause, ':', 3), split_part(cause, ':', 4)) "
        "FROM restore_bots_bot AS parent WHERE parent.number_here <> parent.id "
        "AND cause LIKE 'reply:%' AND split_part(cause, ':', 2) = parent.id::text",
        "UPDATE restore_bots_outboxmessage AS came "
        "SET cause = concat_ws(':', 'contribution-answer', parent.number_here, split_part(cause, ':', 3)) "
        "FROM restore_bots_contribution AS parent WHERE parent.number_here <> parent.id "
        "AND cause LIKE 'contribution-answer:%' AND split_part(cause, ':', 2) = parent.id::text",
    ),
    "plans.PlanReleaseHistory": (
        "UPDATE restore_plans_planreleasehistory AS came SET actor_id = parent.number_here "
        "FROM restore_accounts_user AS parent WHERE actor_id = parent.id AND parent.number_here <> parent.id",
    ),
    # The fingerprint has the bot's number in it: under another number it names nobody.
    "bots.ErasedPerson": (
        f"UPDATE restore_bots_erasedperson AS came SET fate = '{LEFT}' FROM restore_bots_bot AS parent "  # noqa: S608
        "WHERE came.bot_id = parent.number_here AND parent.number_here <> parent.id",
    ),
    "plans.SubscriberMovePart": (
        "UPDATE restore_plans_subscribermovepart AS came SET subscription_ids = "
        "(SELECT array_agg(parent.number_here ORDER BY parent.number_here) "
        "FROM restore_plans_subscription AS parent WHERE parent.id = ANY(came.subscription_ids))",
    ),
}
