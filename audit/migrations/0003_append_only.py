"""The audit log and its seals can be added to, and nothing else.

A trigger of our own: those of django-pgtrigger can be switched off by any session (`SET pgtrigger.ignore`). It runs
for each statement, so that TRUNCATE is refused, too, and ALWAYS, so that `session_replication_role` is no way around.
"""

from django.db import migrations

APPEND_ONLY = """
CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
"""
PROTECT = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only;
"""
TABLES = ("audit_auditlog", "audit_auditseal")


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_what_seals_need")]

    operations = [
        migrations.RunSQL(
            "DROP TRIGGER IF EXISTS pgtrigger_append_only_e464f ON audit_auditlog;"
            "DROP FUNCTION IF EXISTS pgtrigger_append_only_e464f;",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(APPEND_ONLY, "DROP FUNCTION audit_refuse_change"),
        *(
            migrations.RunSQL(PROTECT.format(table=table), f"DROP TRIGGER append_only ON {table}") for table in TABLES
        ),
    ]
