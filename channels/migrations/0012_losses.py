"""Count the workers that were lost with a message in hand."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("channels", "0011_rounds")]

    operations = [
        migrations.AddField(
            model_name="deliveryattempt",
            name="losses",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
    ]
