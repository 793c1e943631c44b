"""Answers on paper: the sheet from its arrival to the answer, and how sheets are checked."""

import django.db.models.deletion
import tenants.fields
import tenants.identifiers
import tenants.models
from django.db import migrations, models

from tenants.operations import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0030_ended_stays'),
        ('outreach', '0003_inquiries'),
        ('tenants', '0007_calling_hours'),
    ]

    operations = [
        migrations.AlterField(
            model_name='outreachtask',
            name='origin',
            field=models.CharField(choices=[('LADDER', 'No message arrived'), ('SILENCE', 'No answer to the notices'), ('CASE', 'A question from the review'), ('HAND', 'Entered by a colleague'), ('ASKED', 'Asked for by the customer'), ('PAPER', 'A question about a paper answer')], default='LADDER', max_length=7),
        ),
        migrations.CreateModel(
            name='PaperAnswer',
            fields=[
                ('id', models.UUIDField(default=tenants.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('reference', models.UUIDField()),
                ('number', models.CharField(max_length=12)),
                ('status', models.CharField(choices=[('RECEIVED', 'To be keyed'), ('ASKING', 'Customer asked back'), ('KEYED', 'To be checked'), ('ACCEPTED', 'Taken as the answer'), ('SET_ASIDE', 'Set aside'), ('DISCARDED', 'Not used')], default='RECEIVED', max_length=9)),
                ('received_on', models.DateField()),
                ('is_signed', models.BooleanField(default=False)),
                ('signed_on', models.DateField(blank=True, null=True)),
                ('registered_by', models.BigIntegerField()),
                ('registered_at', models.DateTimeField()),
                ('held_kinds', models.JSONField(default=list)),
                ('keyer', models.BigIntegerField(blank=True, null=True)),
                ('begun_at', models.DateTimeField(blank=True, null=True)),
                ('writers', models.JSONField(default=list)),
                ('answers', tenants.fields.EncryptedJSONField(default=dict)),
                ('confirmed_pages', models.JSONField(default=list)),
                ('marks', models.JSONField(default=dict)),
                ('returned', models.JSONField(default=list)),
                ('enclosures', models.JSONField(default=dict)),
                ('note', tenants.fields.EncryptedTextField(null=True)),
                ('keyed_by', models.BigIntegerField(blank=True, null=True)),
                ('keyed_person', models.CharField(blank=True, default='', max_length=20)),
                ('keyed_at', models.DateTimeField(blank=True, null=True)),
                ('is_drawn', models.BooleanField(blank=True, null=True)),
                ('second', tenants.fields.EncryptedJSONField(default=dict)),
                ('second_pages', models.JSONField(default=list)),
                ('second_by', models.BigIntegerField(blank=True, null=True)),
                ('findings', models.JSONField(default=dict)),
                ('checked_by', models.BigIntegerField(blank=True, null=True)),
                ('checked_person', models.CharField(blank=True, default='', max_length=20)),
                ('checked_at', models.DateTimeField(blank=True, null=True)),
                ('beside', tenants.fields.EncryptedJSONField(null=True)),
                ('aside_because', models.CharField(blank=True, choices=[('ANSWERED', 'The customer has answered in another way'), ('WITHDRAWN', 'The customer is not asked any more')], default='', max_length=9)),
                ('looked_by', models.BigIntegerField(blank=True, null=True)),
                ('looked_at', models.DateTimeField(blank=True, null=True)),
                ('closed_because', tenants.fields.EncryptedTextField(null=True)),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('customer', tenants.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer')),
                ('tenant', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'status', 'received_on', 'id'], name='paper_answer_queue'), models.Index(fields=['tenant', 'customer'], name='paper_answer_by_customer'), models.Index(fields=['tenant', 'reference'], name='paper_answer_by_reference')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('checked_by__isnull', True), ('checked_person', '')), models.Q(('checked_by__isnull', False), models.Q(('checked_person', ''), _negated=True), ('keyed_by__isnull', False), models.Q(('keyed_person', ''), _negated=True), models.Q(('checked_by', models.F('keyed_by')), _negated=True), models.Q(('checked_person', models.F('keyed_person')), _negated=True)), _connector='OR'), name='paper_answer_four_eyes'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'ACCEPTED'), _negated=True), models.Q(('keyed_by__isnull', False), models.Q(('checked_by__isnull', False), ('is_drawn', False), _connector='OR')), _connector='OR'), name='paper_answer_checked'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'SET_ASIDE'), _negated=True), models.Q(('aside_because', ''), _negated=True), _connector='OR'), name='paper_answer_aside'), models.UniqueConstraint(condition=models.Q(('status__in', ['RECEIVED', 'ASKING', 'KEYED'])), fields=('tenant', 'reference'), name='paper_answer_once_at_a_time')],
            },
        ),
        migrations.CreateModel(
            name='PaperPolicy',
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
                ('checked_share', models.PositiveSmallIntegerField(default=100)),
                ('needs_signature', models.BooleanField(default=True)),
                ('tenant', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('approved_by__isnull', True), ('approved_person', '')), models.Q(('approved_by__isnull', False), models.Q(('approved_person', ''), _negated=True), ('proposed_by__isnull', False), models.Q(('proposed_person', ''), _negated=True), models.Q(('approved_by', models.F('proposed_by')), _negated=True), models.Q(('approved_person', models.F('proposed_person')), _negated=True)), _connector='OR'), name='paper_policy_four_eyes'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'APPROVED'), _negated=True), models.Q(('approved_at__isnull', False), ('approved_by__isnull', False)), _connector='OR'), name='paper_policy_approved'), models.UniqueConstraint(condition=models.Q(('status', 'PROPOSED')), fields=('tenant',), name='one_open_paper_policy'), models.CheckConstraint(condition=models.Q(('checked_share__gte', 1), ('checked_share__lte', 100)), name='paper_policy_share')],
            },
        ),
        ProtectTable("PaperAnswer"),
        ProtectTable("PaperPolicy"),
    ]
