"""Triggers that keep what people are found by; who may answer, assign and poll; the schedule of the counting."""

from typing import Any

from django.db import migrations

from accounts.roles import GrantToRoles, Role

# Arabic letters that Persian keyboards write otherwise are taken as one, and a half-space parts words.
KEEP_LOOKUP = r"""
CREATE FUNCTION bots_person_words(names text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_to_tsvector(array_remove(
        regexp_split_to_array(translate(lower(names), 'يك', 'یک'), '[\s\u200c_.-]+'), ''))
$$;
CREATE FUNCTION bots_make_lookups() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO bots_personlookup (bot_user_id, platform_user_id, words, city, source, is_blocked)
    SELECT id, platform_user_id, bots_person_words(concat_ws(' ', first_name, last_name, username)), city, source,
        is_blocked
    FROM came;
    RETURN NULL;
END $$;
CREATE FUNCTION bots_keep_lookup() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE bots_personlookup SET platform_user_id = NEW.platform_user_id,
        words = bots_person_words(concat_ws(' ', NEW.first_name, NEW.last_name, NEW.username)),
        city = NEW.city, source = NEW.source, is_blocked = NEW.is_blocked
    WHERE bot_user_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER lookups_of_new AFTER INSERT ON bots_botuser REFERENCING NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION bots_make_lookups();
CREATE TRIGGER lookup_of_changed AFTER UPDATE ON bots_botuser FOR EACH ROW
    WHEN ((OLD.platform_user_id, OLD.first_name, OLD.last_name, OLD.username, OLD.city, OLD.source, OLD.is_blocked)
        IS DISTINCT FROM
        (NEW.platform_user_id, NEW.first_name, NEW.last_name, NEW.username, NEW.city, NEW.source, NEW.is_blocked))
    EXECUTE FUNCTION bots_keep_lookup();
INSERT INTO bots_personlookup (bot_user_id, platform_user_id, words, city, source, is_blocked)
    SELECT id, platform_user_id, bots_person_words(concat_ws(' ', first_name, last_name, username)), city, source,
        is_blocked
    FROM bots_botuser;
"""
LEAVE_LOOKUP = """
DROP TRIGGER lookups_of_new ON bots_botuser;
DROP TRIGGER lookup_of_changed ON bots_botuser;
DROP FUNCTION bots_make_lookups();
DROP FUNCTION bots_keep_lookup();
DROP FUNCTION bots_person_words(text);
DELETE FROM bots_personlookup;
"""


def schedule(apps: Any, _schema_editor: Any) -> None:
    intervals = apps.get_model("django_celery_beat", "IntervalSchedule")
    tasks = apps.get_model("django_celery_beat", "PeriodicTask")
    every_minute, _created = intervals.objects.get_or_create(every=1, period="minutes")
    tasks.objects.get_or_create(
        name="Count for the analytics",
        defaults={
            "task": "bots.count_for_analytics",
            "interval": every_minute,
            "expire_seconds": 60,
            "description": "Counts what came since the last time, by bot and hour, and the people of each bot.",
        },
    )


class Migration(migrations.Migration):
    dependencies = [("bots", "0006_staff_side"), ("django_celery_beat", "0019_alter_periodictasks_options")]
    operations = [
        migrations.RunSQL(KEEP_LOOKUP, LEAVE_LOOKUP),
        GrantToRoles(
            "bots",
            {
                Role.OWNER: {"answer_contribution", "assign_contribution", "manage_poll", "view_outboxmessage"},
                Role.SUPPORT: {"answer_contribution", "assign_contribution", "manage_poll", "view_outboxmessage"},
                Role.OPERATIONS: {"view_outboxmessage"},
                Role.AUDITOR: {"view_outboxmessage"},
                Role.DATA_OFFICER: {"view_outboxmessage"},
            },
        ),
        migrations.RunPython(schedule, migrations.RunPython.noop),
    ]
