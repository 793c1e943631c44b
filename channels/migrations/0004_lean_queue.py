"""Fewer indexes on the queue: every move of an attempt writes each of them anew."""

import django.db.models.deletion
from django.db import migrations

import tenants.models


class Migration(migrations.Migration):
    dependencies = [("channels", "0003_opt_outs")]

    operations = [
        migrations.AlterField(
            model_name="deliveryattempt",
            name="account",
            field=tenants.models.TenantForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="channels.provideraccount",
            ),
        ),
        migrations.AlterField(
            model_name="deliveryattempt",
            name="notice",
            field=tenants.models.TenantForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="attempts",
                to="channels.notice",
            ),
        ),
    ]
