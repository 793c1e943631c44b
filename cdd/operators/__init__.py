"""The operators' pages: Django's admin under the same scope, role and trail as everything else."""
