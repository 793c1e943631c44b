-- Roles and rights of one database. Run by a superuser inside the database, PostgreSQL 16 or later; may be run again.
-- Through psql or cdd.servers.bootstrap(); passwords are set apart (docs/deployment.md), never here.

BEGIN;

-- Roles belong to the whole cluster: two databases set up at once take turns.
LOCK TABLE pg_catalog.pg_authid IN SHARE ROW EXCLUSIVE MODE;

DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY[
        'keizoku_owner', 'keizoku_app', 'keizoku_sealer', 'keizoku_lookup', 'keizoku_audit'
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('CREATE ROLE %I', role_name);
        END IF;
    END LOOP;
END
$$;

-- Owns the tables and runs migrations; row-level security is forced on it as well.
ALTER ROLE keizoku_owner LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;
-- What web and workers sign in as: owns nothing.
ALTER ROLE keizoku_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;
ALTER ROLE keizoku_app SET statement_timeout = '60s';
ALTER ROLE keizoku_app SET lock_timeout = '5s';
ALTER ROLE keizoku_app SET idle_in_transaction_session_timeout = '60s';
-- What the sealer of the audit trail signs in as: reads the trail of all tenants, adds what seals it, sees nothing else.
ALTER ROLE keizoku_sealer LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;
-- A checkpoint leaves the database after its commit: that commit must have reached the disk.
ALTER ROLE keizoku_sealer SET synchronous_commit = 'on';
ALTER ROLE keizoku_sealer SET idle_in_transaction_session_timeout = '60s';
-- Nobody signs in as these: they own the look-up functions and the audit trail's functions.
ALTER ROLE keizoku_lookup NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;
ALTER ROLE keizoku_audit NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION;

-- Migrations may hand objects to the two roles, but do not hold their rights.
GRANT keizoku_lookup, keizoku_audit TO keizoku_owner WITH INHERIT FALSE, SET TRUE;

DO $$
BEGIN
    EXECUTE format('ALTER DATABASE %I OWNER TO keizoku_owner', current_database());
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO keizoku_app', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO keizoku_sealer', current_database());
END
$$;

-- The public schema belongs to the database's owner. An object's owner needs CREATE where the object lives.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO keizoku_app, keizoku_sealer;
GRANT USAGE, CREATE ON SCHEMA public TO keizoku_lookup, keizoku_audit;

-- Nothing is open by default: each migration grants what its tables and functions need.
ALTER DEFAULT PRIVILEGES FOR ROLE keizoku_owner, keizoku_lookup, keizoku_audit REVOKE ALL ON TABLES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE keizoku_owner, keizoku_lookup, keizoku_audit REVOKE ALL ON SEQUENCES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE keizoku_owner, keizoku_lookup, keizoku_audit REVOKE ALL ON FUNCTIONS FROM PUBLIC;

COMMIT;
