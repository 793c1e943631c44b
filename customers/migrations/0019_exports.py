import django.db.models.deletion
import tenants.fields
import tenants.identifiers
import tenants.models
from django.db import migrations, models

from tenants.operations import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0018_flags'),
        ('tenants', '0006_appointments'),
    ]

    operations = [
        migrations.CreateModel(
            name='CustomerExport',
            fields=[
                ('id', models.UUIDField(default=tenants.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('status', models.CharField(choices=[('PREPARING', 'Being made'), ('PREPARED', 'To be approved'), ('READY', 'Ready'), ('FAILED', 'Failed'), ('DISCARDED', 'Thrown away'), ('EXPIRED', 'Time over')], default='PREPARING', max_length=10)),
                ('wanted', models.JSONField()),
                ('columns', models.JSONField()),
                ('encoding', models.CharField(choices=[('utf-8-sig', 'UTF-8 with BOM'), ('cp932', 'Shift_JIS (CP932)')], max_length=10)),
                ('purpose', models.CharField(choices=[('REVIEW', 'Work on reviews'), ('CONTACT', 'Preparing letters, calls or visits'), ('FIGURES', 'Figures and analysis'), ('COMPARISON', 'Comparison with another system'), ('INSPECTION', 'Inspection or audit'), ('AUTHORITY', 'Inquiry of an authority')], max_length=12)),
                ('matter', models.CharField(max_length=20)),
                ('ordered_by', models.BigIntegerField()),
                ('ordered_person', models.CharField(blank=True, default='', max_length=20)),
                ('ordered_at', models.DateTimeField()),
                ('made_at', models.DateTimeField(blank=True, null=True)),
                ('rows', models.PositiveIntegerField(default=0)),
                ('is_masked', models.BooleanField(default=False)),
                ('made_for', models.CharField(blank=True, max_length=40)),
                ('limit', models.PositiveIntegerField(default=0)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('size', models.BigIntegerField(default=0)),
                ('unwritable', tenants.fields.EncryptedJSONField(null=True)),
                ('failure', models.CharField(blank=True, max_length=20)),
                ('approved_by', models.BigIntegerField(blank=True, null=True)),
                ('approved_person', models.CharField(blank=True, default='', max_length=20)),
                ('approved_at', models.DateTimeField(blank=True, null=True)),
                ('settled_by', models.BigIntegerField(blank=True, null=True)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('kept_until', models.DateTimeField(blank=True, null=True)),
                ('tenant', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
        ),
        migrations.CreateModel(
            name='ExportPiece',
            fields=[
                ('id', models.UUIDField(default=tenants.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('position', models.PositiveIntegerField()),
                ('customers', models.JSONField(default=list)),
                ('body', tenants.fields.EncryptedBinaryField()),
                ('export', tenants.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pieces', to='customers.customerexport')),
                ('tenant', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
        ),
        migrations.AddIndex(
            model_name='customerexport',
            index=models.Index(fields=['tenant', '-ordered_at', '-id'], name='export_newest'),
        ),
        migrations.AddIndex(
            model_name='customerexport',
            index=models.Index(condition=models.Q(('status__in', ['PREPARED', 'READY'])), fields=['tenant', 'kept_until'], name='export_by_end'),
        ),
        migrations.AddConstraint(
            model_name='customerexport',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ['PREPARING', 'PREPARED'])), fields=('tenant', 'ordered_person'), name='one_export_of_a_person'),
        ),
        migrations.AddConstraint(
            model_name='customerexport',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved_by__isnull', True), ('approved_person', '')), models.Q(('approved_by__isnull', False), models.Q(('approved_person', ''), _negated=True), ('ordered_by__isnull', False), models.Q(('ordered_person', ''), _negated=True), models.Q(('approved_by', models.F('ordered_by')), _negated=True), models.Q(('approved_person', models.F('ordered_person')), _negated=True)), _connector='OR'), name='export_four_eyes'),
        ),
        migrations.AddConstraint(
            model_name='customerexport',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'READY'), _negated=True), ('rows__lte', models.F('limit')), ('approved_by__isnull', False), _connector='OR'), name='export_approved_above_limit'),
        ),
        migrations.AddConstraint(
            model_name='exportpiece',
            constraint=models.UniqueConstraint(fields=('tenant', 'export', 'position'), name='export_piece_position'),
        ),
        ProtectTable("CustomerExport"),
        ProtectTable("ExportPiece"),
    ]
