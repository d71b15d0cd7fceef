"""Safety events are append-only: the database refuses to change or delete one, or to empty the table."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION safety_event_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Safety events are append-only: % is refused.', TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON safety_safetyevent
    FOR EACH ROW EXECUTE FUNCTION safety_event_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON safety_safetyevent
    FOR EACH STATEMENT EXECUTE FUNCTION safety_event_append_only();
"""
BACKWARD = """
DROP TRIGGER append_only_rows ON safety_safetyevent;
DROP TRIGGER append_only_table ON safety_safetyevent;
DROP FUNCTION safety_event_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("safety", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
