import django.db.models.deletion
from django.db import migrations, models

import tenants.fields
import tenants.identifiers
import tenants.models
from tenants.operations import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0008_related_parties'),
        ('tenants', '0002_members'),
    ]

    operations = [
        migrations.AddField(
            model_name='customerimport',
            name='warnings',
            field=models.JSONField(default=dict),
        ),
        migrations.CreateModel(
            name='WarnedRow',
            fields=[
                ('id', models.UUIDField(default=tenants.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('line', models.PositiveIntegerField()),
                ('column', models.CharField(blank=True, max_length=40)),
                ('code', models.CharField(max_length=40)),
                ('params', tenants.fields.EncryptedJSONField()),
                ('customer_import', tenants.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='warned_rows', to='customers.customerimport')),
                ('tenant', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
        ),
        migrations.AddIndex(
            model_name='warnedrow',
            index=models.Index(fields=['tenant', 'customer_import', 'line'], name='warned_by_line'),
        ),
        ProtectTable("WarnedRow"),
    ]
