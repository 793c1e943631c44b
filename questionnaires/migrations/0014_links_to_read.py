"""Links that came with word of a reply lead to no questions; those that are out are told by how long they live."""

from django.db import migrations, models

# As a change of the table, because the rows belong to tenants and are seen in none's scope. Links of notices end with
# a day in Japan, so none of them lives sixty days to the microsecond.
_TELL_REPLIES = """
    ALTER TABLE questionnaires_accesslink
    ALTER is_to_read TYPE boolean USING expires_at = created_at + interval '1440 hours'"""


class Migration(migrations.Migration):

    dependencies = [
        ('questionnaires', '0013_paper_origin'),
    ]

    operations = [
        migrations.AddField(
            model_name='accesslink',
            name='is_to_read',
            field=models.BooleanField(default=False),
        ),
        migrations.RunSQL(_TELL_REPLIES, migrations.RunSQL.noop),
    ]
