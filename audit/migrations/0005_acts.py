"""Find what somebody did without reading past every row that a trigger saw."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_nobodys_scope")]

    operations = [
        migrations.RunSQL(["SET ROLE keizoku_audit"]),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["tenant_id", "id"], name="audit_acts", condition=models.Q(kind="ACT")),
        ),
        migrations.RunSQL(["RESET ROLE"]),
    ]
