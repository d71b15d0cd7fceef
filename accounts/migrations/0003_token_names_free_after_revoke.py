from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_socketticket_token_and_more")]

    operations = [
        migrations.AlterModelOptions(name="apitoken", options={"ordering": ["-created_at"]}),
        migrations.RemoveConstraint(model_name="apitoken", name="api_token_name_once_per_user"),
        migrations.AlterField(model_name="apitoken", name="created_at", field=models.DateTimeField()),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.UniqueConstraint(
                condition=models.Q(("revoked_at__isnull", True)),
                fields=("user", "name"),
                name="api_token_name_once_per_user",
            ),
        ),
    ]
