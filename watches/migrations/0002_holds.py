from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('watches', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='watch',
            name='hold_seconds',
            field=models.PositiveIntegerField(db_default=0, default=0, help_text='must stay reached so long to fire'),
        ),
        migrations.AddField(
            model_name='watch',
            name='release',
            field=models.DecimalField(decimal_places=9, help_text='pulses: the value that breaks a hold; see specs.WatchSpec', max_digits=28, null=True),
        ),
        migrations.AlterField(
            model_name='watch',
            name='phase',
            field=models.SmallIntegerField(choices=[(0, 'Off'), (1, 'Armed'), (2, 'Waiting for the other side'), (3, 'Waiting to come back'), (4, 'Cooling down'), (5, 'Waiting for the activation price'), (6, 'Waiting for a reference'), (7, 'Waiting to try again'), (8, 'Holding'), (9, 'Held long enough')]),
        ),
        migrations.AlterField(
            model_name='watch',
            name='rearm_at',
            field=models.DateTimeField(help_text='when the cooldown, the wait or the hold is over', null=True),
        ),
        migrations.RemoveIndex(
            model_name='watch',
            name='watch_cooling',
        ),
        migrations.AddIndex(
            model_name='watch',
            index=models.Index(condition=models.Q(('phase__in', [4, 7, 8, 9])), fields=['phase', 'rearm_at'], name='watch_cooling'),
        ),
    ]
