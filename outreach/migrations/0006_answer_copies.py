"""The copy of their answers that customers keep as a PDF."""

import django.db.models.deletion
import tenants.fields
import tenants.identifiers
import tenants.models
from django.db import migrations, models

from tenants.operations import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ('outreach', '0005_faq_entries'),
        ('questionnaires', '0013_paper_origin'),
        ('tenants', '0008_looks'),
    ]

    operations = [
        migrations.CreateModel(
            name='AnswerCopy',
            fields=[
                ('id', models.UUIDField(default=tenants.identifiers.uuid7, editable=False, primary_key=True, serialize=False)),
                ('language', models.CharField(max_length=8)),
                ('page', tenants.fields.EncryptedTextField(null=True)),
                ('pdf', tenants.fields.EncryptedBinaryField(null=True)),
                ('failure', models.CharField(blank=True, max_length=40)),
                ('asked_at', models.DateTimeField()),
                ('made_at', models.DateTimeField(blank=True, null=True)),
                ('response', tenants.models.TenantForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='copies', to='questionnaires.response')),
                ('tenant', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('failure', ''), ('made_at__isnull', True)), fields=['tenant', 'asked_at', 'id'], name='answer_copies_waiting'), models.Index(fields=['tenant', 'response'], name='answer_copies_of_response')],
            },
        ),
        ProtectTable("AnswerCopy"),
    ]
