"""Capacity of single persons, why a task was made, and the answer to a reviewer's question."""

from django.db import migrations, models

import tenants.fields

OUTCOMES = [
    ('ANSWERED', 'Reached, answers taken'),
    ('CLARIFIED', 'Reached, the question is answered'),
    ('PROMISED', 'Reached, will answer by themselves'),
    ('REFUSED', 'Reached, refused to answer'),
    ('CALL_BACK', 'To be contacted again at a time agreed'),
    ('NO_ANSWER', 'Nobody answered the telephone'),
    ('ENGAGED', 'Line engaged'),
    ('ABSENT', 'Nobody at home'),
    ('WRONG_NUMBER', 'Wrong or dead number'),
    ('NOT_AT_ADDRESS', 'Does not live at the address'),
    ('MOVED', 'Moved, according to somebody there'),
    ('DECEASED', 'Deceased, according to the family'),
]
ORIGINS = [
    ('LADDER', 'No message arrived'),
    ('SILENCE', 'No answer to the notices'),
    ('CASE', 'A question from the review'),
    ('HAND', 'Entered by a colleague'),
]


class Migration(migrations.Migration):

    dependencies = [
        ('outreach', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='outreachtask',
            name='origin',
            field=models.CharField(choices=ORIGINS, default='LADDER', max_length=7),
        ),
        migrations.AddField(
            model_name='outreachtask',
            name='why',
            field=tenants.fields.EncryptedTextField(null=True),
        ),
        migrations.AlterField(
            model_name='outreachtry',
            name='outcome',
            field=models.CharField(choices=OUTCOMES, max_length=14),
        ),
        migrations.AddField(
            model_name='dailycapacity',
            name='person',
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.RemoveConstraint(
            model_name='dailycapacity',
            name='one_capacity',
        ),
        migrations.AddConstraint(
            model_name='dailycapacity',
            constraint=models.UniqueConstraint(fields=('tenant', 'kind', 'branch_code', 'person'), name='one_capacity', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='dailycapacity',
            constraint=models.CheckConstraint(condition=models.Q(('person__isnull', True), ('branch_code', ''), _connector='OR'), name='capacity_of_one'),
        ),
    ]
