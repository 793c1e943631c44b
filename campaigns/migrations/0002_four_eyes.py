"""Approvals keep the persons beside the accounts, and four eyes compare both."""

from django.db import migrations, models

# Until now every account stood for a person. The owner, too, sees nothing of a table whose security is forced.
FILL_IN = """
ALTER TABLE campaigns_campaign NO FORCE ROW LEVEL SECURITY;
UPDATE campaigns_campaign SET
    planned_person = 'account-' || planned_by,
    submitted_person = coalesce('account-' || submitted_by, ''),
    approved_person = coalesce('account-' || approved_by, '');
ALTER TABLE campaigns_campaign FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0001_initial'),
        ('tenants', '0002_members'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='campaign',
            name='campaign_four_eyes',
        ),
        migrations.AddField(
            model_name='campaign',
            name='approved_person',
            field=models.CharField(blank=True, default='', max_length=20),
        ),
        migrations.AddField(
            model_name='campaign',
            name='planned_person',
            field=models.CharField(blank=True, default='', max_length=20),
        ),
        migrations.AddField(
            model_name='campaign',
            name='submitted_person',
            field=models.CharField(blank=True, default='', max_length=20),
        ),
        migrations.RunSQL(FILL_IN, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved_by__isnull', True), ('approved_person', '')), models.Q(('approved_by__isnull', False), models.Q(('approved_person', ''), _negated=True), ('planned_by__isnull', False), models.Q(('planned_person', ''), _negated=True), models.Q(('approved_by', models.F('planned_by')), _negated=True), models.Q(('approved_person', models.F('planned_person')), _negated=True), ('submitted_by__isnull', False), models.Q(('submitted_person', ''), _negated=True), models.Q(('approved_by', models.F('submitted_by')), _negated=True), models.Q(('approved_person', models.F('submitted_person')), _negated=True)), _connector='OR'), name='campaign_four_eyes'),
        ),
        migrations.AddConstraint(
            model_name='campaign',
            constraint=models.CheckConstraint(condition=models.Q(('approved_by__isnull', True), ('approved_hash', models.F('plan_hash')), _connector='OR'), name='campaign_approved_as_planned'),
        ),
    ]
