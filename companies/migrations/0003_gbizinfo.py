import django.db.models.deletion
import tenants.fields
import tenants.identifiers
import tenants.models
from django.db import migrations, models

from tenants.operations import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ('companies', '0002_certificates'),
        ('customers', '0024_export_limits'),
        ('tenants', '0006_appointments'),
    ]

    operations = [
        migrations.CreateModel(
            name='GbizAccess',
            fields=[
                ('id', models.UUIDField(default=tenants.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('token', tenants.fields.EncryptedTextField(null=True)),
                ('most_a_day', models.PositiveIntegerField(default=200)),
                ('set_by', models.BigIntegerField()),
                ('set_at', models.DateTimeField()),
                ('counted_on', models.DateField(null=True)),
                ('count', models.PositiveIntegerField(default=0)),
                ('tenant', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('tenant',), name='gbiz_access_once')],
            },
        ),
        migrations.CreateModel(
            name='GbizAnswer',
            fields=[
                ('id', models.UUIDField(default=tenants.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.CharField(max_length=13)),
                ('asked_by', models.BigIntegerField()),
                ('asked_at', models.DateTimeField()),
                ('said', tenants.fields.EncryptedJSONField(null=True)),
                ('customer', tenants.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='customers.customer')),
                ('tenant', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('tenant', 'customer'), name='gbiz_answer_once')],
            },
        ),
        ProtectTable('GbizAccess'),
        ProtectTable('GbizAnswer'),
    ]
