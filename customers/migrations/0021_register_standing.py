from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0020_workbook_exports'),
    ]

    operations = [
        migrations.AddField(
            model_name='customer',
            name='register_status',
            field=models.CharField(blank=True, db_default='', default='', max_length=6),
        ),
        migrations.AddField(
            model_name='customer',
            name='register_differs',
            field=models.BooleanField(null=True),
        ),
    ]
