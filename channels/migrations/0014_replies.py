"""Notices that an inquiry was answered."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels', '0013_longer_numbers'),
    ]

    operations = [
        migrations.AlterField(
            model_name='messagetemplate',
            name='purpose',
            field=models.CharField(choices=[('REQUEST', 'Request'), ('REMINDER', 'Reminder'), ('REPLY', 'Answer to an inquiry')], max_length=10),
        ),
        migrations.AlterField(
            model_name='notice',
            name='purpose',
            field=models.CharField(choices=[('REQUEST', 'Request'), ('REMINDER', 'Reminder'), ('REPLY', 'Answer to an inquiry')], max_length=10),
        ),
    ]
