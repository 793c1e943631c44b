from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('uploads', '0005_registry_certificates'),
    ]

    operations = [
        migrations.AlterField(
            model_name='upload',
            name='purpose',
            field=models.CharField(choices=[('CASE_DOCUMENT', 'Document of a case'), ('VISIT_PHOTO', 'Photograph of a visit'), ('FLAG_EVIDENCE', 'Evidence for a flag'), ('REGISTRY_CERTIFICATE', 'Registry certificate'), ('OWNER_PAPER', 'Paper about the owners')], max_length=20),
        ),
    ]
