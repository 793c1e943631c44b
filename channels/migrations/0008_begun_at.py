"""Note which messages have begun to leave, where nobody can be asked afterwards."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("channels", "0007_line_links")]

    operations = [
        migrations.AddField(
            model_name="deliveryattempt",
            name="begun_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
