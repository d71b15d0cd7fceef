"""How many round trips of rules in one symbol are a loop."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("safety", "0003_audit_and_policy_versions")]

    operations = [
        migrations.AddField(
            model_name="safetypolicy",
            name="loop_round_trips",
            field=models.PositiveIntegerField(
                default=3,
                help_text="of rules in one symbol within loop_window_minutes: then rules only sell it; 0 is off",
            ),
        ),
        migrations.AddField(
            model_name="safetypolicy",
            name="loop_window_minutes",
            field=models.PositiveIntegerField(default=60, help_text="how far back round trips are counted"),
        ),
    ]
