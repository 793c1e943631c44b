"""Layouts of return files are approved by a second person: the newest that one person set waits for theirs."""

from django.db import migrations, models

# The owner, too, sees nothing of a table whose security is forced.
FILL_IN = """
ALTER TABLE integrations_returnlayout NO FORCE ROW LEVEL SECURITY;
UPDATE integrations_returnlayout one SET
    proposed_person = 'account-' || set_by,
    status = CASE WHEN EXISTS (
        SELECT FROM integrations_returnlayout other WHERE other.tenant_id = one.tenant_id AND other.version > one.version
    ) THEN 'REJECTED' ELSE 'PROPOSED' END;
ALTER TABLE integrations_returnlayout FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0002_pickups'),
        ('tenants', '0006_appointments'),
    ]

    operations = [
        migrations.AddField(
            model_name='returnbatch',
            name='refused_by',
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='returnbatch',
            name='refused_person',
            field=models.CharField(blank=True, default='', max_length=20),
        ),
        migrations.AddField(
            model_name='returnbatch',
            name='settled_person',
            field=models.CharField(blank=True, default='', max_length=20),
        ),
        migrations.AddField(
            model_name='returnlayout',
            name='approved_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='returnlayout',
            name='approved_by',
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='returnlayout',
            name='approved_person',
            field=models.CharField(blank=True, default='', max_length=20),
        ),
        migrations.AddField(
            model_name='returnlayout',
            name='proposed_person',
            field=models.CharField(blank=True, default='', max_length=20),
        ),
        migrations.AddField(
            model_name='returnlayout',
            name='rejected_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='returnlayout',
            name='rejected_by',
            field=models.BigIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='returnlayout',
            name='status',
            field=models.CharField(choices=[('PROPOSED', 'Proposed'), ('APPROVED', 'Approved'), ('REJECTED', 'Rejected')], default='PROPOSED', max_length=8),
        ),
        # Before the columns get their names: what captures changed rows knows the old ones until the end of `migrate`.
        migrations.RunSQL(FILL_IN, migrations.RunSQL.noop),
        migrations.RenameField(
            model_name='returnlayout',
            old_name='set_at',
            new_name='proposed_at',
        ),
        migrations.RenameField(
            model_name='returnlayout',
            old_name='set_by',
            new_name='proposed_by',
        ),
        migrations.AddConstraint(
            model_name='returnbatch',
            constraint=models.CheckConstraint(condition=models.Q(('refused_by__isnull', True), ('released_by__isnull', True), models.Q(models.Q(('released_by', models.F('refused_by')), _negated=True), models.Q(('released_person', models.F('refused_person')), _negated=True)), _connector='OR'), name='return_repaired_by_another'),
        ),
        migrations.AddConstraint(
            model_name='returnlayout',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved_by__isnull', True), ('approved_person', '')), models.Q(('approved_by__isnull', False), models.Q(('approved_person', ''), _negated=True), ('proposed_by__isnull', False), models.Q(('proposed_person', ''), _negated=True), models.Q(('approved_by', models.F('proposed_by')), _negated=True), models.Q(('approved_person', models.F('proposed_person')), _negated=True)), _connector='OR'), name='return_layout_four_eyes'),
        ),
        migrations.AddConstraint(
            model_name='returnlayout',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'APPROVED'), _negated=True), models.Q(('approved_at__isnull', False), ('approved_by__isnull', False)), _connector='OR'), name='return_layout_approved'),
        ),
        migrations.AddConstraint(
            model_name='returnlayout',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'PROPOSED')), fields=('tenant',), name='one_open_return_layout'),
        ),
    ]
