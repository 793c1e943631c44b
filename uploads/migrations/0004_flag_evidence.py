from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('uploads', '0003_visit_photos'),
    ]

    operations = [
        migrations.AlterField(
            model_name='upload',
            name='purpose',
            field=models.CharField(choices=[('CASE_DOCUMENT', 'Document of a case'), ('VISIT_PHOTO', 'Photograph of a visit'), ('FLAG_EVIDENCE', 'Evidence for a flag')], max_length=20),
        ),
    ]
