from django.db import migrations, models

import audit.models

IN_SCOPE = "tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', true), '')::bigint)"


class Migration(migrations.Migration):
    """From here on the table is nobody's who signs in: a later change of it begins with SET ROLE keizoku_audit."""

    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.AddField(
            "auditevent",
            "kind",
            models.CharField(choices=[("ACT", "Act"), ("ROW", "Row")], db_default="ACT", editable=False, max_length=4),
        ),
        migrations.AddField(
            "auditevent",
            "request_id",
            models.CharField(db_default=audit.models.CurrentRequestId(), editable=False, max_length=36),
        ),
        # The application role reads its tenant's events and adds acts, without the columns that would let it forge
        # when, by which transaction, or as what an event was recorded. Only the triggers' functions, which belong to
        # the same role as the table, add changes of rows.
        migrations.RunSQL(
            [
                "REVOKE ALL ON audit_auditevent FROM keizoku_app",
                "GRANT SELECT ON audit_auditevent TO keizoku_app",
                "GRANT INSERT (tenant_id, at, actor_kind, actor_id, event, target_type, target_id, payload)"
                " ON audit_auditevent TO keizoku_app",
                "DROP POLICY tenant ON audit_auditevent",
                f"CREATE POLICY tenant ON audit_auditevent FOR SELECT TO keizoku_app USING ({IN_SCOPE})",
                "CREATE POLICY act ON audit_auditevent FOR INSERT TO keizoku_app"
                f" WITH CHECK (kind = 'ACT' AND {IN_SCOPE})",
                "CREATE POLICY row_change ON audit_auditevent FOR INSERT TO keizoku_audit WITH CHECK (kind = 'ROW')",
                "ALTER TABLE audit_auditevent OWNER TO keizoku_audit",
            ],
        ),
    ]
