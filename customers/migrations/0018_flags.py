import django.db.models.deletion
import tenants.fields
import tenants.identifiers
import tenants.models
from tenants.operations import ProtectTable
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0017_own_attributes'),
        ('tenants', '0006_appointments'),
    ]

    operations = [
        migrations.CreateModel(
            name='CustomerFlag',
            fields=[
                ('id', models.UUIDField(default=tenants.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('DECEASED', 'Deceased'), ('GUARDIAN', 'Under guardianship'), ('LITIGATION', 'In litigation'), ('DO_NOT_CONTACT', 'Not to be contacted'), ('VULNERABLE', 'Needs particular care')], max_length=14)),
                ('status', models.CharField(choices=[('IN_FORCE', 'In effect'), ('LIFTED', 'Lifted'), ('LAPSED', 'Lapsed')], default='IN_FORCE', max_length=8)),
                ('reason', tenants.fields.EncryptedTextField()),
                ('from_on', models.DateField()),
                ('until_on', models.DateField(blank=True, null=True)),
                ('raised_by', models.BigIntegerField()),
                ('raised_person', models.CharField(blank=True, default='', max_length=20)),
                ('raised_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('ended_by', models.BigIntegerField(blank=True, null=True)),
                ('ended_because', tenants.fields.EncryptedTextField(null=True)),
                ('customer', tenants.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='flags', to='customers.customer')),
                ('tenant', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
        ),
        migrations.CreateModel(
            name='FlagLifting',
            fields=[
                ('id', models.UUIDField(default=tenants.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('status', models.CharField(choices=[('PROPOSED', 'Proposed'), ('APPROVED', 'Approved'), ('REJECTED', 'Rejected')], default='PROPOSED', max_length=8)),
                ('proposed_by', models.BigIntegerField()),
                ('proposed_person', models.CharField(blank=True, default='', max_length=20)),
                ('proposed_at', models.DateTimeField()),
                ('approved_by', models.BigIntegerField(blank=True, null=True)),
                ('approved_person', models.CharField(blank=True, default='', max_length=20)),
                ('approved_at', models.DateTimeField(blank=True, null=True)),
                ('rejected_by', models.BigIntegerField(blank=True, null=True)),
                ('rejected_at', models.DateTimeField(blank=True, null=True)),
                ('reason', tenants.fields.EncryptedTextField()),
                ('flag', tenants.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='liftings', to='customers.customerflag')),
                ('tenant', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
        ),
        migrations.AddIndex(
            model_name='customerflag',
            index=models.Index(fields=['tenant', 'customer', '-raised_at'], name='flag_by_customer'),
        ),
        migrations.AddIndex(
            model_name='customerflag',
            index=models.Index(condition=models.Q(('status', 'IN_FORCE')), fields=['tenant', 'kind', 'customer'], name='flag_by_kind'),
        ),
        migrations.AddIndex(
            model_name='customerflag',
            index=models.Index(condition=models.Q(('status', 'IN_FORCE'), ('until_on__isnull', False)), fields=['tenant', 'until_on'], name='flag_by_end'),
        ),
        migrations.AddConstraint(
            model_name='customerflag',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'IN_FORCE')), fields=('tenant', 'customer', 'kind'), name='flag_in_force_once'),
        ),
        migrations.AddConstraint(
            model_name='customerflag',
            constraint=models.CheckConstraint(condition=models.Q(('until_on__isnull', True), ('until_on__gte', models.F('from_on')), _connector='OR'), name='flag_ends_after_it_began'),
        ),
        migrations.AddConstraint(
            model_name='customerflag',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('status', 'IN_FORCE')), models.Q(models.Q(('status', 'IN_FORCE'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='flag_ended_at_some_time'),
        ),
        migrations.AddIndex(
            model_name='flaglifting',
            index=models.Index(fields=['tenant', 'status', 'proposed_at'], name='flag_lifting_by_status'),
        ),
        migrations.AddConstraint(
            model_name='flaglifting',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved_by__isnull', True), ('approved_person', '')), models.Q(('approved_by__isnull', False), models.Q(('approved_person', ''), _negated=True), ('proposed_by__isnull', False), models.Q(('proposed_person', ''), _negated=True), models.Q(('approved_by', models.F('proposed_by')), _negated=True), models.Q(('approved_person', models.F('proposed_person')), _negated=True)), _connector='OR'), name='flag_lifting_four_eyes'),
        ),
        migrations.AddConstraint(
            model_name='flaglifting',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'APPROVED'), _negated=True), models.Q(('approved_at__isnull', False), ('approved_by__isnull', False)), _connector='OR'), name='flag_lifting_approved'),
        ),
        migrations.AddConstraint(
            model_name='flaglifting',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'PROPOSED')), fields=('tenant', 'flag'), name='flag_lifting_once_at_a_time'),
        ),
        ProtectTable("CustomerFlag"),
        ProtectTable("FlagLifting"),
    ]
