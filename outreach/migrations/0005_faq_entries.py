"""Questions and answers of the institution's own."""

import django.db.models.deletion
import tenants.identifiers
from django.db import migrations, models

from tenants.operations import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ('outreach', '0004_paper_answers'),
        ('tenants', '0007_calling_hours'),
    ]

    operations = [
        migrations.CreateModel(
            name='FaqEntry',
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
                ('code', models.SlugField(max_length=40)),
                ('topic', models.CharField(max_length=12)),
                ('audiences', models.JSONField(default=list)),
                ('place', models.PositiveSmallIntegerField(default=500)),
                ('is_hidden', models.BooleanField(default=False)),
                ('asks', models.JSONField(default=dict)),
                ('answers', models.JSONField(default=dict)),
                ('tenant', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'status', 'code', '-approved_at'], name='faq_in_force')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('approved_by__isnull', True), ('approved_person', '')), models.Q(('approved_by__isnull', False), models.Q(('approved_person', ''), _negated=True), ('proposed_by__isnull', False), models.Q(('proposed_person', ''), _negated=True), models.Q(('approved_by', models.F('proposed_by')), _negated=True), models.Q(('approved_person', models.F('proposed_person')), _negated=True)), _connector='OR'), name='faq_entry_four_eyes'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'APPROVED'), _negated=True), models.Q(('approved_at__isnull', False), ('approved_by__isnull', False)), _connector='OR'), name='faq_entry_approved'), models.UniqueConstraint(condition=models.Q(('status', 'PROPOSED')), fields=('tenant', 'code'), name='one_open_faq_entry')],
            },
        ),
        ProtectTable("FaqEntry"),
    ]
