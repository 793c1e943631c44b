"""What customers ask and tell us from their pages: inquiries, calls asked for, circumstances."""

import django.db.models.deletion
import tenants.fields
import tenants.identifiers
import tenants.models
from django.db import migrations, models

from tenants.operations import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0030_ended_stays'),
        ('outreach', '0002_persons_and_reasons'),
        ('tenants', '0007_calling_hours'),
    ]

    operations = [
        migrations.AlterField(
            model_name='outreachtask',
            name='origin',
            field=models.CharField(choices=[('LADDER', 'No message arrived'), ('SILENCE', 'No answer to the notices'), ('CASE', 'A question from the review'), ('HAND', 'Entered by a colleague'), ('ASKED', 'Asked for by the customer')], default='LADDER', max_length=7),
        ),
        migrations.CreateModel(
            name='Inquiry',
            fields=[
                ('id', models.UUIDField(default=tenants.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.CharField(max_length=8)),
                ('reference', models.UUIDField()),
                ('link_reference', models.UUIDField()),
                ('is_proved', models.BooleanField(default=False)),
                ('topic', models.CharField(choices=[('GENUINE', 'Whether the notice is genuine'), ('ANSWERING', 'How to answer'), ('CHANGED', 'A change of name, address or other details'), ('PAPERS', 'Documents and identity check'), ('PRIVACY', 'How my data are used'), ('LOSS', 'Fraud, or a lost card or passbook'), ('OTHER', 'Something else')], max_length=9)),
                ('reply_by', models.CharField(choices=[('PAGES', 'On these pages'), ('TELEPHONE', 'By telephone')], max_length=9)),
                ('language', models.CharField(default='ja', max_length=8)),
                ('status', models.CharField(choices=[('OPEN', 'To be answered'), ('ANSWERED', 'Answered'), ('CLOSED', 'Closed')], default='OPEN', max_length=8)),
                ('is_urgent', models.BooleanField(default=False)),
                ('assignee', models.BigIntegerField(blank=True, null=True)),
                ('due_on', models.DateField()),
                ('told_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('customer', tenants.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer')),
                ('tenant', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
        ),
        migrations.CreateModel(
            name='InquiryMessage',
            fields=[
                ('id', models.UUIDField(default=tenants.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('token', models.UUIDField()),
                ('text', tenants.fields.EncryptedTextField()),
                ('written_by', models.BigIntegerField(blank=True, null=True)),
                ('is_proved', models.BooleanField(default=False)),
                ('written_at', models.DateTimeField()),
                ('inquiry', tenants.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='messages', to='outreach.inquiry')),
                ('tenant', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
        ),
        migrations.CreateModel(
            name='CallRequest',
            fields=[
                ('id', models.UUIDField(default=tenants.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('token', models.UUIDField()),
                ('number', models.CharField(max_length=8)),
                ('link_reference', models.UUIDField()),
                ('is_proved', models.BooleanField(default=False)),
                ('language', models.CharField(default='ja', max_length=8)),
                ('day', models.DateField()),
                ('part', models.CharField(choices=[('MORNING', 'Before noon'), ('AFTERNOON', 'From noon to three o’clock'), ('LATE', 'After three o’clock')], max_length=9)),
                ('phone', tenants.fields.EncryptedTextField(null=True)),
                ('told_at', models.DateTimeField()),
                ('customer', tenants.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer')),
                ('task', tenants.models.TenantForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='requests', to='outreach.outreachtask')),
                ('tenant', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'customer'], name='call_request_by_customer'), models.Index(fields=['tenant', 'link_reference', 'told_at'], name='call_request_by_link')],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'token'), name='call_request_once'), models.UniqueConstraint(fields=('tenant', 'number'), name='call_request_number')],
            },
        ),
        migrations.CreateModel(
            name='Claim',
            fields=[
                ('id', models.UUIDField(default=tenants.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('token', models.UUIDField()),
                ('number', models.CharField(max_length=8)),
                ('reference', models.UUIDField()),
                ('link_reference', models.UUIDField()),
                ('is_proved', models.BooleanField(default=False)),
                ('language', models.CharField(default='ja', max_length=8)),
                ('kind', models.CharField(choices=[('DECEASED', 'The customer has died'), ('GUARDIAN', 'A guardian acts for the customer'), ('HELPER', 'Somebody helps the customer, or the customer cannot answer'), ('REFUSAL', 'The customer does not wish to answer'), ('NOT_MINE', 'The notice reached somebody else')], max_length=8)),
                ('status', models.CharField(choices=[('OPEN', 'To be looked into'), ('CONFIRMED', 'Confirmed'), ('DISMISSED', 'Not confirmed')], default='OPEN', max_length=9)),
                ('details', tenants.fields.EncryptedJSONField(default=dict)),
                ('quiet_until', models.DateTimeField()),
                ('due_on', models.DateField()),
                ('told_at', models.DateTimeField()),
                ('decided_by', models.BigIntegerField(blank=True, null=True)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('finding', tenants.fields.EncryptedTextField(null=True)),
                ('customer', tenants.models.TenantForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer')),
                ('tenant', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'status', 'due_on', 'id'], name='claim_queue'), models.Index(fields=['tenant', 'customer'], name='claim_by_customer'), models.Index(fields=['tenant', 'link_reference', 'told_at'], name='claim_by_link')],
                'constraints': [models.UniqueConstraint(fields=('tenant', 'token'), name='claim_once'), models.UniqueConstraint(fields=('tenant', 'number'), name='claim_number'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('status', 'OPEN')), models.Q(models.Q(('status', 'OPEN'), _negated=True), ('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='claim_decided_by_somebody')],
            },
        ),
        migrations.AddIndex(
            model_name='inquiry',
            index=models.Index(fields=['tenant', 'status', 'due_on', 'id'], name='inquiry_queue'),
        ),
        migrations.AddIndex(
            model_name='inquiry',
            index=models.Index(fields=['tenant', 'assignee', 'status'], name='inquiry_by_assignee'),
        ),
        migrations.AddIndex(
            model_name='inquiry',
            index=models.Index(fields=['tenant', 'customer'], name='inquiry_by_customer'),
        ),
        migrations.AddIndex(
            model_name='inquiry',
            index=models.Index(fields=['tenant', 'link_reference', 'told_at'], name='inquiry_by_link'),
        ),
        migrations.AddConstraint(
            model_name='inquiry',
            constraint=models.UniqueConstraint(fields=('tenant', 'number'), name='inquiry_number'),
        ),
        migrations.AddIndex(
            model_name='inquirymessage',
            index=models.Index(fields=['tenant', 'inquiry', 'written_at'], name='inquiry_messages'),
        ),
        migrations.AddConstraint(
            model_name='inquirymessage',
            constraint=models.UniqueConstraint(fields=('tenant', 'token'), name='inquiry_message_once'),
        ),
        ProtectTable("Inquiry"),
        ProtectTable("InquiryMessage"),
        ProtectTable("CallRequest"),
        ProtectTable("Claim"),
    ]
