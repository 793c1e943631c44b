"""Keep with a campaign how many of its customers the regular check finds out of place."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0004_people_as_channels")]

    operations = [
        migrations.AddField(
            model_name="campaign",
            name="astray",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
