"""Approvals keep the persons beside the accounts, and four eyes compare both."""

from django.db import migrations, models

# Until now every account stood for a person. The owner, too, sees nothing of a table whose security is forced.
FILL_IN = """
ALTER TABLE reviews_decision NO FORCE ROW LEVEL SECURITY;
UPDATE reviews_decision SET
    decided_person = 'account-' || decided_by,
    checked_person = coalesce('account-' || checked_by, '');
ALTER TABLE reviews_decision FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('reviews', '0001_initial'),
        ('tenants', '0002_members'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='decision',
            name='decision_four_eyes',
        ),
        migrations.AddField(
            model_name='decision',
            name='checked_person',
            field=models.CharField(blank=True, default='', max_length=20),
        ),
        migrations.AddField(
            model_name='decision',
            name='decided_person',
            field=models.CharField(blank=True, default='', max_length=20),
        ),
        migrations.RunSQL(FILL_IN, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('checked_by__isnull', True), ('checked_person', '')), models.Q(('checked_by__isnull', False), models.Q(('checked_person', ''), _negated=True), ('decided_by__isnull', False), models.Q(('decided_person', ''), _negated=True), models.Q(('checked_by', models.F('decided_by')), _negated=True), models.Q(('checked_person', models.F('decided_person')), _negated=True)), _connector='OR'), name='decision_four_eyes'),
        ),
    ]
