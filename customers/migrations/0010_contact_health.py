"""What is known of a contact point says how it failed, why, and when it last did either."""

from django.db import migrations, models

# Until now there was one word for all that failed. The owner, too, sees nothing of a table whose security is forced.
SAY_HOW = """
ALTER TABLE customers_contactpoint NO FORCE ROW LEVEL SECURITY;
UPDATE customers_contactpoint SET health = 'VERIFIED', last_success_at = health_at WHERE health = 'WORKING';
UPDATE customers_contactpoint SET
    health = CASE channel WHEN 'LINE' THEN 'BLOCKED' WHEN 'POST' THEN 'RETURNED' ELSE 'BOUNCED' END,
    last_failure_at = health_at
WHERE health = 'UNREACHABLE';
ALTER TABLE customers_contactpoint FORCE ROW LEVEL SECURITY;
"""
SAY_IT_AS_BEFORE = """
ALTER TABLE customers_contactpoint NO FORCE ROW LEVEL SECURITY;
UPDATE customers_contactpoint SET
    health = CASE health WHEN 'VERIFIED' THEN 'WORKING' ELSE 'UNREACHABLE' END
WHERE health <> 'UNKNOWN';
ALTER TABLE customers_contactpoint FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0009_warned_rows'),
    ]

    operations = [
        migrations.AddField(
            model_name='contactpoint',
            name='health_reason',
            field=models.CharField(blank=True, default='', max_length=40),
        ),
        migrations.AddField(
            model_name='contactpoint',
            name='last_failure_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='contactpoint',
            name='last_success_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='contactpoint',
            name='health',
            field=models.CharField(choices=[('UNKNOWN', 'Not tried'), ('VERIFIED', 'Verified'), ('BOUNCED', 'Bounced'), ('RETURNED', 'Returned'), ('BLOCKED', 'Blocked')], default='UNKNOWN', max_length=12),
        ),
        migrations.RunSQL(SAY_HOW, SAY_IT_AS_BEFORE),
    ]
