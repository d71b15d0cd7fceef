"""The database refuses steps that the state machine of `orders.states` does not know; a test compares the two."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION orders_order_state_machine() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (CASE OLD.state  -- in parentheses: plpgsql would take the first THEN for its own
        WHEN 'proposed' THEN NEW.state IN ('awaiting_approval', 'blocked', 'queued')
        WHEN 'awaiting_approval' THEN NEW.state IN ('blocked', 'cancelled', 'declined', 'expired', 'queued')
        WHEN 'queued' THEN NEW.state IN ('awaiting_approval', 'blocked', 'cancelled', 'expired', 'submitting')
        WHEN 'submitting' THEN NEW.state IN ('accepted', 'blocked', 'cancelled', 'expired', 'filled', 'not_accepted',
                                             'partially_filled', 'rejected', 'unknown')
        WHEN 'unknown' THEN NEW.state IN ('accepted', 'cancelled', 'expired', 'filled', 'not_accepted',
                                          'partially_filled', 'rejected', 'submitting')
        WHEN 'accepted' THEN NEW.state IN ('cancelled', 'expired', 'filled', 'partially_filled', 'rejected', 'replaced')
        WHEN 'partially_filled' THEN NEW.state IN ('cancelled', 'expired', 'filled', 'replaced')
        ELSE false
    END) THEN
        RAISE EXCEPTION 'Order % is % and cannot become %.', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER state_machine BEFORE UPDATE OF state ON orders_order
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION orders_order_state_machine();
"""
BACKWARD = """
DROP TRIGGER state_machine ON orders_order;
DROP FUNCTION orders_order_state_machine();
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0003_fewer_indexes")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
