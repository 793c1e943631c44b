"""What was destroyed is said once: the application may add a destruction record, and never change or remove one."""

from django.db import migrations

from tenants.operations import APP_ROLE


class Migration(migrations.Migration):
    dependencies = [("retention", "0001_initial")]

    operations = [
        migrations.RunSQL(
            f"REVOKE UPDATE, DELETE ON retention_destructionrecord FROM {APP_ROLE}",
            f"GRANT UPDATE, DELETE ON retention_destructionrecord TO {APP_ROLE}",
        ),
    ]
