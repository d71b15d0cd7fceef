import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("markets", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="DemoPriceOverride",
            fields=[
                (
                    "instrument",
                    models.OneToOneField(
                        db_column="symbol",
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="markets.instrument",
                    ),
                ),
                ("price", models.DecimalField(decimal_places=9, max_digits=24)),
                (
                    "hold_seconds",
                    models.PositiveIntegerField(help_text="how long the price stays before it moves on from there"),
                ),
                ("requested_at", models.DateTimeField()),
                ("applied_at", models.DateTimeField(blank=True, help_text="when the feed took it", null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("price__gt", 0)), name="demo_price_positive")
                ],
            },
        ),
    ]
