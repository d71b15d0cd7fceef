"""The ledger is append-only: the database refuses to change or delete an entry, or to empty the table."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION portfolios_ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The ledger is append-only: % is refused. Book a correcting entry instead.', TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON portfolios_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION portfolios_ledger_append_only();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON portfolios_ledgerentry
    FOR EACH STATEMENT EXECUTE FUNCTION portfolios_ledger_append_only();
"""
BACKWARD = """
DROP TRIGGER append_only_rows ON portfolios_ledgerentry;
DROP TRIGGER append_only_table ON portfolios_ledgerentry;
DROP FUNCTION portfolios_ledger_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("portfolios", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
