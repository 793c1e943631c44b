import uuid

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('uploads', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='upload',
            name='person_id',
            field=models.UUIDField(default=uuid.UUID(int=0)),
            preserve_default=False,
        ),
    ]
