from decimal import Decimal

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("safety", "0005_wash_sale_lock"),
    ]

    operations = [
        migrations.AddField(
            model_name="safetypolicy",
            name="agent_daily_orders",
            field=models.PositiveIntegerField(default=5, help_text="orders the agent may place per exchange date"),
        ),
        migrations.AddField(
            model_name="safetypolicy",
            name="agent_order_pct",
            field=models.DecimalField(
                decimal_places=4,
                default=Decimal("2"),
                help_text="of the portfolio in one order of the agent",
                max_digits=9,
                validators=[
                    django.core.validators.MinValueValidator(Decimal("0")),
                    django.core.validators.MaxValueValidator(Decimal("1000")),
                ],
            ),
        ),
    ]
