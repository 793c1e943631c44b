"""Questionnaires have a name and say whom they are for; the two there were are the standard ones."""

from django.db import migrations, models

# As a change of the table, because the rows belong to tenants and are seen in none's scope.
_NAME_THE_STANDARD = """
    ALTER TABLE questionnaires_questionnaire
    ALTER audience TYPE varchar(10) USING CASE key WHEN 'company' THEN 'COMPANY' ELSE 'INDIVIDUAL' END,
    ALTER name TYPE varchar(80)
        USING CASE key WHEN 'company' THEN '法人のお客さま' WHEN 'individual' THEN '個人のお客さま' ELSE key END,
    ALTER name_en TYPE varchar(80)
        USING CASE key WHEN 'company' THEN 'Companies' WHEN 'individual' THEN 'Personal customers' ELSE key END,
    ALTER template TYPE varchar(40) USING CASE WHEN key IN ('company', 'individual') THEN key ELSE '' END"""


class Migration(migrations.Migration):

    dependencies = [
        ('questionnaires', '0003_drafts'),
    ]

    operations = [
        migrations.AddField(
            model_name='questionnaire',
            name='audience',
            field=models.CharField(choices=[('INDIVIDUAL', 'Individual'), ('COMPANY', 'Company')], default='INDIVIDUAL', max_length=10),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='questionnaire',
            name='name',
            field=models.CharField(default='', max_length=80),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='questionnaire',
            name='name_en',
            field=models.CharField(default='', max_length=80),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='questionnaire',
            name='template',
            field=models.CharField(blank=True, default='', max_length=40),
        ),
        migrations.AddField(
            model_name='questionnaire',
            name='template_sha256',
            field=models.CharField(blank=True, default='', max_length=64),
        ),
        migrations.RunSQL(_NAME_THE_STANDARD, migrations.RunSQL.noop),
    ]
