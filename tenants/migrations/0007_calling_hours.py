"""When customers are called who ask for it."""

import datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0006_appointments'),
    ]

    operations = [
        migrations.AddField(
            model_name='tenant',
            name='calls_from',
            field=models.TimeField(default=datetime.time(9, 0)),
        ),
        migrations.AddField(
            model_name='tenant',
            name='calls_until',
            field=models.TimeField(default=datetime.time(17, 0)),
        ),
    ]
