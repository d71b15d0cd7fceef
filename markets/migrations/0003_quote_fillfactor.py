from django.db import migrations


class Migration(migrations.Migration):
    """Quotes are rewritten every second: half-empty pages keep the new version beside the old one (HOT updates)."""

    dependencies = [("markets", "0002_demo_price_override")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE markets_quote SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05)",
            "ALTER TABLE markets_quote RESET (fillfactor, autovacuum_vacuum_scale_factor)",
        )
    ]
