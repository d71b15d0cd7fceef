from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("live", "0002_alter_event_payload")]

    operations = [
        migrations.CreateModel(
            name="ShownSymbol",
            fields=[
                ("symbol", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("until", models.DateTimeField()),
            ],
        ),
    ]
