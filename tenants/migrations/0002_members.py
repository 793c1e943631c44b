"""Members get a staff number, a branch and an end; the look-up knows them."""

from django.db import migrations, models

# The owner, too, sees nothing of a table whose row-level security is forced.
NUMBER_THE_MEMBERS = """
ALTER TABLE tenants_membership NO FORCE ROW LEVEL SECURITY;
UPDATE tenants_membership SET staff_number = 'account-' || user_id;
ALTER TABLE tenants_membership FORCE ROW LEVEL SECURITY;
"""
MEMBERSHIPS_OF = """
DROP FUNCTION keizoku_memberships_of(bigint);
GRANT SELECT (staff_number, branch_code, valid_until) ON tenants_membership TO keizoku_lookup;
CREATE FUNCTION keizoku_memberships_of(account bigint)
    RETURNS TABLE (
        tenant_id bigint, membership_id uuid, role text,
        staff_number text, branch_code text, valid_until timestamptz
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $lookup$
    SELECT m.tenant_id, m.id, m.role::text, m.staff_number::text, m.branch_code::text, m.valid_until
    FROM public.tenants_membership m
    JOIN public.tenants_tenant t ON t.id = m.tenant_id
    WHERE m.user_id = account AND m.is_active AND t.status = 'ACTIVE'
      AND (m.valid_until IS NULL OR m.valid_until > statement_timestamp())
    ORDER BY m.tenant_id
    $lookup$;
REVOKE ALL ON FUNCTION keizoku_memberships_of(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keizoku_memberships_of(bigint) TO keizoku_app;
ALTER FUNCTION keizoku_memberships_of(bigint) OWNER TO keizoku_lookup;
"""


class Migration(migrations.Migration):

    dependencies = [("tenants", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name='membership',
            name='branch_code',
            field=models.CharField(blank=True, max_length=8),
        ),
        migrations.AddField(
            model_name='membership',
            name='staff_number',
            field=models.CharField(default="", max_length=20),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='membership',
            name='valid_until',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='membership',
            name='role',
            field=models.CharField(choices=[('ADMINISTRATOR', 'Administrator'), ('OFFICER', 'Compliance officer'), ('APPROVER', 'Approver'), ('BRANCH_STAFF', 'Branch staff'), ('CONTRACTOR', 'Contractor'), ('AUDITOR', 'Auditor'), ('OPERATOR', 'Operator of the service')], max_length=16),
        ),
        migrations.RunSQL(NUMBER_THE_MEMBERS, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(condition=models.Q(('is_active', True)), fields=('tenant', 'staff_number', 'role'), name='membership_of_person'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('staff_number', ''), _negated=True), name='membership_is_somebody'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('role', 'BRANCH_STAFF'), _negated=True), models.Q(('branch_code', ''), _negated=True), _connector='OR'), name='branch_staff_have_a_branch'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('role', 'OPERATOR'), _negated=True), ('valid_until__isnull', False), _connector='OR'), name='operators_leave_again'),
        ),
        migrations.RunSQL(MEMBERSHIPS_OF, migrations.RunSQL.noop),
    ]
