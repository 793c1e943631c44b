"""Tenants, the people who work for them, and what every tenant's row has in common."""

from __future__ import annotations

from datetime import time
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from guardian.managers import UserObjectPermissionManager
from guardian.models import UserObjectPermissionBase

from audit.transitions import Stateful
from tenants.fields import EncryptedTextField
from tenants.identifiers import uuid7
from tenants.managers import TenantManager
from tenants.pairing import person_field, two_people
from tenants.reach import Reach
from tenants.scoping import TenantScopeError, required_tenant_id


class Tenant(models.Model):
    """A financial institution. Readable without a scope; holds nothing secret or personal."""

    class Status(models.TextChoices):
        ACTIVE = "ACTIVE", _("Active")
        SUSPENDED = "SUSPENDED", _("Suspended")

    class MfaPolicy(models.TextChoices):
        OPTIONAL = "OPTIONAL", _("Everybody decides for themselves")
        REQUIRED = "REQUIRED", _("A second factor for everybody")

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80)
    kind_word = models.CharField(
        max_length=16,
        default="当行",
        help_text=_("How it speaks of itself to customers: 当行, 当金庫, 当社."),
    )
    status = models.CharField(max_length=16, choices=Status, default=Status.ACTIVE)
    phone = models.CharField(max_length=20)
    phone_hours = models.CharField(max_length=80)
    # when customers are called who ask for it, on working days; on Japan's clock
    calls_from = models.TimeField(default=time(9))
    calls_until = models.TimeField(default=time(17))
    official_site = models.URLField()
    # How it looks on its customers' pages, as two people let it (questionnaires.branding); "" for the standard.
    name_kana = models.CharField(max_length=120, blank=True)
    brand_colour = models.CharField(max_length=7, blank=True)
    brand_words = models.CharField(max_length=7, blank=True)
    short_mark = models.CharField(max_length=2, blank=True)
    mark_digest = models.CharField(max_length=16, blank=True)
    # The domain that notices lead to, proved and in use (tenants.domains); "" for the service's own address.
    own_host = models.CharField(max_length=200, blank=True)
    postal_code = models.CharField(max_length=7, blank=True)
    address = models.CharField(max_length=120, blank=True)
    mfa_policy = models.CharField(max_length=16, choices=MfaPolicy, default=MfaPolicy.REQUIRED)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.slug

    @property
    def tenant_id(self) -> int:
        """A tenant belongs to itself, for the audit trail."""
        return self.pk


class UserManager(BaseUserManager["User"]):
    """Makes accounts; e-mail addresses are compared without regard to case."""

    def create_user(self, *, email: str, name: str, password: str | None = None, **fields: Any) -> User:
        """A member of staff who can sign in once a membership exists."""
        user = self.model(email=email.strip().lower(), name=name, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """The account of an e-mail address."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """A person on a bank's staff (or an operator of the service). May belong to several tenants."""

    # Nobody stands above the roles; guardian asks.
    is_superuser = False

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=80)
    language = models.CharField(max_length=5, default="ja")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects = UserManager()

    def __str__(self) -> str:
        return f"user {self.pk}"


class TenantModel(models.Model):
    """A row that belongs to one tenant. Row-level security and composite keys guard its table."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+", editable=False)

    objects: ClassVar[TenantManager[Any]] = TenantManager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the row, in its own tenant's scope only."""
        self.adopt_tenant()
        super().save(*args, **kwargs)

    @classmethod
    def within(cls, reach: Reach) -> models.Q | None:
        """Which rows a member of this narrow reach sees; None: all, because they are come by through others."""
        return None

    def adopt_tenant(self) -> None:
        """Give a new row the tenant in scope.

        Raises:
            TenantScopeError: it names another tenant.
        """
        tenant_id = required_tenant_id()
        named: int | None = self.tenant_id
        if named is None:
            self.tenant_id = tenant_id
        elif named != tenant_id:
            raise TenantScopeError(f"{self._meta.label} of tenant {named} in the scope of {tenant_id}.")


def tenant_of_many(*, db_constraint: bool = True) -> models.ForeignKey[Tenant, Tenant]:
    """`TenantModel.tenant` for a table of very many rows: all its indexes begin with the tenant, which has none alone.

    ``db_constraint=False`` saves a check a row, where another key vouches for the tenant or rows are derived.
    """
    return models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False, db_constraint=db_constraint
    )


class TenantForeignKey[T: TenantModel, S](models.ForeignKey[T, S]):
    """A reference between rows of one tenant.

    The database holds the composite key (tenant, id), written by ``tenants.operations.ProtectTable``,
    because a plain foreign key is checked without row-level security.
    """

    def __init__(self, to: Any, on_delete: Any, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        super().__init__(to, on_delete, **kwargs)

    def deconstruct(self) -> Any:
        """As a foreign key, less the constraint that is always off."""
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_constraint", None)
        return name, path, args, kwargs


class Role(models.TextChoices):
    """What a person does for a tenant; what each may do is in `tenants.permissions`."""

    ADMINISTRATOR = "ADMINISTRATOR", _("Administrator")
    OFFICER = "OFFICER", _("Compliance officer")
    APPROVER = "APPROVER", _("Approver")
    BRANCH_STAFF = "BRANCH_STAFF", _("Branch staff")
    CONTRACTOR = "CONTRACTOR", _("Contractor")
    AUDITOR = "AUDITOR", _("Auditor")
    OPERATOR = "OPERATOR", _("Operator of the service")


class Membership(TenantModel):
    """A person's place in a tenant.

    ``staff_number`` says who the person is, whichever account they use: four eyes compare it. A person may
    hold two accounts, but not two in one role. Whoever is to become an administrator waits, in the role they have
    or without a place, until a second person confirms what the first proposed.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=16, choices=Role)
    staff_number = models.CharField(max_length=20)
    branch_code = models.CharField(max_length=8, blank=True)
    is_active = models.BooleanField(default=True)
    # the first moment at which it no longer holds
    valid_until = models.DateTimeField(null=True, blank=True)
    appointed_by = models.BigIntegerField(null=True, blank=True)
    appointed_person = person_field()
    # what becomes of valid_until with the confirmation
    appointed_until = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.BigIntegerField(null=True, blank=True)
    confirmed_person = person_field()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            two_people("membership_four_eyes", first=("appointed",), second="confirmed"),
            models.CheckConstraint(
                condition=models.Q(confirmed_by__isnull=True) | ~models.Q(confirmed_by=models.F("user")),
                name="nobody_confirms_themselves",
            ),
            # The first administrator comes with the institution and was appointed by nobody.
            models.CheckConstraint(
                condition=~models.Q(role="ADMINISTRATOR")
                | models.Q(is_active=False)
                | models.Q(appointed_by__isnull=True)
                | models.Q(confirmed_by__isnull=False),
                name="administrators_are_confirmed",
            ),
            models.UniqueConstraint(fields=["tenant", "user"], name="membership_of_user"),
            models.UniqueConstraint(
                fields=["tenant", "staff_number", "role"],
                condition=models.Q(is_active=True),
                name="membership_of_person",
            ),
            models.CheckConstraint(condition=~models.Q(staff_number=""), name="membership_is_somebody"),
            models.CheckConstraint(
                condition=~models.Q(role="BRANCH_STAFF") | ~models.Q(branch_code=""), name="branch_staff_have_a_branch"
            ),
            models.CheckConstraint(
                condition=~models.Q(role="OPERATOR") | models.Q(valid_until__isnull=False),
                name="operators_leave_again",
            ),
        ]

    def __str__(self) -> str:
        return f"membership {self.pk}"

    @property
    def is_awaiting(self) -> bool:
        """Whether the person is to become an administrator once somebody else confirms it."""
        return self.appointed_by is not None and self.confirmed_by is None


class Invitation(Stateful, TenantModel):
    """That somebody is asked, by mail, to join the staff. Good once, for three days; of the link only a hash stays."""

    class Status(models.TextChoices):
        OPEN = "OPEN", _("Waiting for an answer")
        ACCEPTED = "ACCEPTED", _("Joined")
        WITHDRAWN = "WITHDRAWN", _("Withdrawn")

    TRANSITIONS = {Status.OPEN: {Status.ACCEPTED, Status.WITHDRAWN}}

    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    email = EncryptedTextField()
    name = EncryptedTextField()
    role = models.CharField(max_length=16, choices=Role)
    staff_number = models.CharField(max_length=20)
    branch_code = models.CharField(max_length=8, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    token_hash = models.BinaryField(max_length=32)
    # What the mail needs; gone when it is sent.
    token = EncryptedTextField(null=True)
    invited_by = models.BigIntegerField()
    invited_person = person_field()
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "token_hash"], name="invitation_token")]

    def __str__(self) -> str:
        return f"invitation {self.pk}"


class Branch(TenantModel):
    """A branch of the institution, as its customer file calls it by code."""

    code = models.CharField(max_length=8)
    name = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "code"], name="branch_code")]

    def __str__(self) -> str:
        return self.code


class GrantManager(TenantManager["Grant"], UserObjectPermissionManager):
    """Guardian's manager behind our walls."""


class Grant(TenantModel, UserObjectPermissionBase):
    """That one member may see one coarse thing (a campaign, a branch, a queue) until a moment.

    A guardian object permission in a table of the tenant; subclasses add ``content_object``, a TenantForeignKey,
    and a unique constraint. What hangs below the thing is reached by its foreign keys, never by more grants.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT)
    valid_until = models.DateTimeField()
    granted_by = models.BigIntegerField()
    granted_at = models.DateTimeField()

    objects: ClassVar[GrantManager] = GrantManager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self._meta.model_name} {self.pk}"

    @classmethod
    def offered(cls) -> models.QuerySet[Any]:
        """The things that can be given."""
        thing: Any = cls._meta.get_field("content_object").related_model
        rows: models.QuerySet[Any] = thing.objects.order_by("pk")
        return rows

    @classmethod
    def in_force(cls) -> models.QuerySet[Any]:
        """Those that hold at this moment, which is the database's."""
        return cls.objects.filter(valid_until__gt=Now())


class BranchGrant(Grant):
    """That a member sees the customers of one more branch."""

    content_object = TenantForeignKey(Branch, on_delete=models.CASCADE)

    class Meta:
        verbose_name = _("Branch")
        constraints = [models.UniqueConstraint(fields=["tenant", "user", "content_object"], name="branch_grant")]


class TenantKey(TenantModel):
    """One version of a tenant's data key, wrapped by the key-encryption key."""

    version = models.PositiveSmallIntegerField()
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "version"], name="tenant_key_version")]

    def __str__(self) -> str:
        return f"key version {self.version}"


def tenant_in_scope() -> Tenant:
    """The tenant whose scope is open.

    Raises:
        NoTenantScope: none is.
    """
    return Tenant.objects.get(pk=required_tenant_id())
