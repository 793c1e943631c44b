import django.db.models.deletion
import tenants.identifiers
from django.db import migrations, models

from tenants.operations import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0016_lean_tables'),
        ('tenants', '0006_appointments'),
    ]

    operations = [
        migrations.AddField(
            model_name='customer',
            name='attributes',
            field=models.JSONField(default=dict),
        ),
        migrations.CreateModel(
            name='OwnAttribute',
            fields=[
                ('id', models.UUIDField(default=tenants.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('status', models.CharField(choices=[('PROPOSED', 'Waiting for a second person'), ('ACTIVE', 'In use'), ('RETIRED', 'Retired'), ('REFUSED', 'Refused')], default='PROPOSED', max_length=8)),
                ('code', models.CharField(max_length=30)),
                ('type', models.CharField(choices=[('code', 'One of several choices'), ('codes', 'Any of several choices'), ('answer', 'Yes or no'), ('day', 'Date'), ('number', 'Whole number'), ('amount', 'Amount in yen'), ('country', 'Country'), ('text', 'Free text')], max_length=8)),
                ('kinds', models.CharField(choices=[('EITHER', 'Individuals and companies'), ('INDIVIDUAL', 'Individuals only'), ('COMPANY', 'Companies only')], max_length=10)),
                ('sensitivity', models.CharField(choices=[('PLAIN', 'Plain: filters and risk rules may ask it'), ('SEALED', "Sealed: seen on the customer's page only"), ('SENSITIVE', 'Sensitive: sealed, and covered until somebody gives a reason')], max_length=9)),
                ('name_ja', models.CharField(max_length=60)),
                ('name_en', models.CharField(max_length=60)),
                ('choices', models.JSONField(default=list)),
                ('titles', models.JSONField(default=list)),
                ('bears_on_risk', models.BooleanField(default=False)),
                ('proposed_at', models.DateTimeField()),
                ('proposed_by', models.BigIntegerField()),
                ('proposed_person', models.CharField(blank=True, default='', max_length=20)),
                ('decided_by', models.BigIntegerField(blank=True, null=True)),
                ('decided_person', models.CharField(blank=True, default='', max_length=20)),
                ('tenant', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('status', 'REFUSED'), _negated=True), fields=('tenant', 'code'), name='own_attribute_code'), models.CheckConstraint(condition=models.Q(models.Q(('type', 'text'), _negated=True), models.Q(('sensitivity', 'PLAIN'), _negated=True), _connector='OR'), name='own_attribute_text_is_sealed'), models.CheckConstraint(condition=models.Q(('bears_on_risk', False), ('sensitivity', 'PLAIN'), _connector='OR'), name='own_attribute_risk_is_plain'), models.CheckConstraint(condition=models.Q(models.Q(('sensitivity', 'SENSITIVE'), ('status__in', ['ACTIVE', 'RETIRED']), _negated=True), ('decided_by__isnull', False), _connector='OR'), name='own_attribute_sensitive_is_decided'), models.CheckConstraint(condition=models.Q(models.Q(('decided_by__isnull', True), ('decided_person', '')), models.Q(('decided_by__isnull', False), models.Q(('decided_person', ''), _negated=True), ('proposed_by__isnull', False), models.Q(('proposed_person', ''), _negated=True), models.Q(('decided_by', models.F('proposed_by')), _negated=True), models.Q(('decided_person', models.F('proposed_person')), _negated=True)), _connector='OR'), name='own_attribute_four_eyes')],
            },
        ),
        ProtectTable("OwnAttribute"),
    ]
