import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("automation", "0003_downtime")]

    operations = [
        migrations.AlterField(
            model_name="trace",
            name="action",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="traces",
                to="automation.action",
            ),
        ),
        migrations.AlterField(
            model_name="trace",
            name="kind",
            field=models.CharField(help_text="see automation.trace_kinds.Kind", max_length=20),
        ),
    ]
