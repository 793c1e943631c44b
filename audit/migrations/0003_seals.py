from django.db import migrations, models

import audit.models

IN_SCOPE = "tenant_id = (SELECT NULLIF(current_setting('app.tenant_id', true), '')::bigint)"


def seals(table):
    """Everybody reads their tenant's; the sealer reads all and adds; nobody changes or removes, nor the tables' owner."""
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant ON {table} FOR SELECT TO keizoku_app USING ({IN_SCOPE})",
        f"CREATE POLICY sealer_reads ON {table} FOR SELECT TO keizoku_sealer USING (true)",
        f"CREATE POLICY sealer_adds ON {table} FOR INSERT TO keizoku_sealer WITH CHECK (true)",
        f"GRANT SELECT ON {table} TO keizoku_app",
        f"GRANT SELECT, INSERT ON {table} TO keizoku_sealer",
        f"ALTER TABLE {table} OWNER TO keizoku_audit",
    ]


class Migration(migrations.Migration):

    dependencies = [("audit", "0002_guarded_columns")]

    operations = [
        migrations.CreateModel(
            name="AuditLeaf",
            fields=[
                ("pk", models.CompositePrimaryKey("tenant_id", "position", blank=True, editable=False, primary_key=True, serialize=False)),
                ("tenant_id", models.BigIntegerField()),
                ("position", models.BigIntegerField()),
                ("event_id", models.BigIntegerField()),
                ("leaf", models.BinaryField()),
            ],
            options={
                "db_table": "audit_leaf",
                "constraints": [models.UniqueConstraint(fields=["tenant_id", "event_id"], name="audit_leaf_once")],
            },
        ),
        migrations.CreateModel(
            name="AuditCheckpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("tenant_id", models.BigIntegerField()),
                ("size", models.BigIntegerField()),
                ("root", models.BinaryField()),
                ("peaks", models.BinaryField()),
                ("note", models.TextField()),
                ("made_at", models.DateTimeField()),
                ("sealed_txid", audit.models.TransactionIdField()),
                ("sealed_event_id", models.BigIntegerField()),
            ],
            options={
                "db_table": "audit_checkpoint",
                "constraints": [models.UniqueConstraint(fields=["tenant_id", "size"], name="audit_checkpoint_once")],
            },
        ),
        migrations.CreateModel(
            name="AuditTimestamp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("tenant_id", models.BigIntegerField()),
                ("size", models.BigIntegerField()),
                ("head", models.TextField()),
                ("index", models.BigIntegerField()),
                ("path", models.BinaryField()),
                ("response", models.BinaryField()),
                ("stamped_at", models.DateTimeField()),
            ],
            options={
                "db_table": "audit_timestamp",
                "constraints": [models.UniqueConstraint(fields=["tenant_id", "size"], name="audit_timestamp_once")],
            },
        ),
        migrations.RunSQL(
            [
                *(statement for table in ("audit_leaf", "audit_checkpoint", "audit_timestamp") for statement in seals(table)),
                "SET ROLE keizoku_audit",
                "CREATE POLICY sealer ON audit_auditevent FOR SELECT TO keizoku_sealer USING (true)",
                "GRANT SELECT ON audit_auditevent TO keizoku_sealer",
            ],
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["txid"], name="audit_by_transaction"),
        ),
        migrations.RunSQL(["RESET ROLE"]),
    ]
