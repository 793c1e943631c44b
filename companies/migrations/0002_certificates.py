import django.db.models.deletion
import tenants.fields
import tenants.identifiers
import tenants.models
from django.db import migrations, models

from tenants.operations import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ('companies', '0001_initial'),
        ('customers', '0019_exports'),
        ('tenants', '0006_appointments'),
    ]

    operations = [
        migrations.CreateModel(
            name='RegistryCertificate',
            fields=[
                ('id', models.UUIDField(default=tenants.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('status', models.CharField(choices=[('REQUESTED', 'To be obtained'), ('TRANSCRIBED', 'To be compared'), ('CHECKED', 'Compared and checked'), ('CANCELLED', 'Not needed any more')], default='REQUESTED', max_length=11)),
                ('origin', models.CharField(choices=[('REVIEW', 'A review'), ('NEWS', 'News from the register of companies'), ('HAND', 'A member of staff')], max_length=6)),
                ('reference', models.UUIDField(blank=True, null=True)),
                ('why', tenants.fields.EncryptedTextField(null=True)),
                ('requested_by', models.BigIntegerField()),
                ('requested_at', models.DateTimeField()),
                ('assigned_to', models.BigIntegerField()),
                ('due_on', models.DateField()),
                ('kind', models.CharField(blank=True, choices=[('FULL', 'Certificate of all historical matters'), ('CURRENT', 'Certificate of all current matters'), ('ONLINE', 'Information of the online registry service')], max_length=7)),
                ('issued_on', models.DateField(blank=True, null=True)),
                ('said', tenants.fields.EncryptedJSONField(null=True)),
                ('transcribed_by', models.BigIntegerField(blank=True, null=True)),
                ('transcribed_person', models.CharField(blank=True, default='', max_length=20)),
                ('transcribed_at', models.DateTimeField(blank=True, null=True)),
                ('returned_because', tenants.fields.EncryptedTextField(null=True)),
                ('checked_by', models.BigIntegerField(blank=True, null=True)),
                ('checked_person', models.CharField(blank=True, default='', max_length=20)),
                ('checked_at', models.DateTimeField(blank=True, null=True)),
                ('differed', models.JSONField(default=list)),
                ('taken', models.JSONField(default=list)),
                ('cancelled_by', models.BigIntegerField(blank=True, null=True)),
                ('cancelled_at', models.DateTimeField(blank=True, null=True)),
                ('cancelled_because', tenants.fields.EncryptedTextField(null=True)),
                ('customer', tenants.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='customers.customer')),
                ('tenant', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'status', 'due_on', 'id'], name='certificate_queue'), models.Index(fields=['tenant', 'customer', '-requested_at'], name='certificate_by_customer')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('checked_by__isnull', True), ('checked_person', '')), models.Q(('checked_by__isnull', False), models.Q(('checked_person', ''), _negated=True), ('transcribed_by__isnull', False), models.Q(('transcribed_person', ''), _negated=True), models.Q(('checked_by', models.F('transcribed_by')), _negated=True), models.Q(('checked_person', models.F('transcribed_person')), _negated=True)), _connector='OR'), name='certificate_four_eyes'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'CHECKED'), _negated=True), models.Q(('checked_at__isnull', False), ('checked_by__isnull', False)), _connector='OR'), name='certificate_checked'), models.CheckConstraint(condition=models.Q(('status__in', ['REQUESTED', 'CANCELLED']), models.Q(('issued_on__isnull', False), ('transcribed_at__isnull', False)), _connector='OR'), name='certificate_transcribed'), models.UniqueConstraint(condition=models.Q(('status__in', ['REQUESTED', 'TRANSCRIBED'])), fields=('tenant', 'customer'), name='certificate_once_at_a_time')],
            },
        ),
        ProtectTable('RegistryCertificate'),
    ]
