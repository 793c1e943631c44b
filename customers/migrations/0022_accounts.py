import django.db.models.deletion
import tenants.identifiers
import tenants.models
from django.db import migrations, models

from tenants.operations import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0021_register_standing'),
        ('tenants', '0006_appointments'),
    ]

    operations = [
        migrations.CreateModel(
            name='CustomerAccount',
            fields=[
                ('id', models.UUIDField(default=tenants.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number_index', models.BinaryField(max_length=16)),
                ('branch_code', models.CharField(blank=True, default='', max_length=8)),
                ('product_code', models.CharField(blank=True, default='', max_length=12)),
                ('currency', models.CharField(blank=True, default='', max_length=3)),
                ('opened_on', models.DateField(blank=True, null=True)),
                ('closed_on', models.DateField(blank=True, null=True)),
                ('customer', tenants.models.TenantForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='account_rows', to='customers.customer')),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'number_index'], name='account_by_number')],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'customer', 'branch_code', 'number_index'), name='account_of_customer_once')],
            },
        ),
        migrations.CreateModel(
            name='Product',
            fields=[
                ('id', models.UUIDField(default=tenants.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('code', models.CharField(max_length=12)),
                ('name_ja', models.CharField(max_length=60)),
                ('name_en', models.CharField(max_length=60)),
                ('kind', models.CharField(choices=[('ORDINARY', 'Ordinary deposit'), ('CURRENT', 'Current account'), ('TIME', 'Time deposit'), ('SAVINGS', 'Savings deposit'), ('FOREIGN', 'Deposit in a foreign currency'), ('LOAN', 'Loan'), ('CARD', 'Card'), ('SECURITIES', 'Securities and funds'), ('OTHER', 'Other product')], max_length=10)),
                ('is_in_use', models.BooleanField(default=True)),
                ('tenant', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('tenant', 'code'), name='product_code')],
            },
        ),
        ProtectTable("Product"),
        ProtectTable("CustomerAccount"),
        # Nothing refers to a row of an account, so nothing needs this key as a target (ProtectTable).
        migrations.RunSQL(
            "ALTER TABLE customers_customeraccount DROP CONSTRAINT customers_customeraccount_tenant_key",
            "ALTER TABLE customers_customeraccount"
            " ADD CONSTRAINT customers_customeraccount_tenant_key UNIQUE (tenant_id, id)",
        ),
    ]
