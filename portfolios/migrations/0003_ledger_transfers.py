from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("portfolios", "0002_append_only")]
    operations = [
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("kind__in", ["deposit", "withdrawal", "opening"])),
                fields=["portfolio", "at"],
                name="ledger_transfers",
            ),
        )
    ]
