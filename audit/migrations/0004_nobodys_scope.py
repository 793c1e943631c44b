from django.db import migrations

IN_SCOPE = "tenant_id > 0 AND tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', true), '')::bigint)"


class Migration(migrations.Migration):
    """The service's own trail, tenant 0, stays closed even to a session that names 0 as its tenant."""

    dependencies = [("audit", "0003_seals")]

    operations = [
        migrations.RunSQL(
            [
                "SET LOCAL ROLE keizoku_audit",
                f"ALTER POLICY tenant ON audit_auditevent USING ({IN_SCOPE})",
                f"ALTER POLICY act ON audit_auditevent WITH CHECK (kind = 'ACT' AND {IN_SCOPE})",
                "RESET ROLE",
            ],
            migrations.RunSQL.noop,
        ),
    ]
