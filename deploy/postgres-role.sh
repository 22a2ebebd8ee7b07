#!/bin/sh
# Run by the image of PostgreSQL when its volume is new; it may be run again at any time, also on a volume of an older
# version. Two roles, neither a superuser: parking_owner owns the database, migrates it and may make another one, which
# the restore of a backup needs; parking, for api, worker and beat, reads and writes rows, and cannot change tables or
# switch off what guards them. The passwords come in the
# environment and do not stand in any program's arguments.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\getenv owner_password PARKING_OWNER_PASSWORD
\getenv password PARKING_PASSWORD
SELECT format('CREATE ROLE %I', name) FROM unnest(ARRAY['parking_owner', 'parking']) AS name
 WHERE name NOT IN (SELECT rolname FROM pg_roles) \gexec
ALTER ROLE parking_owner LOGIN NOSUPERUSER CREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'owner_password';
ALTER ROLE parking LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
SELECT 'CREATE DATABASE parking OWNER parking_owner' WHERE 'parking' NOT IN (SELECT datname FROM pg_database) \gexec
\connect parking
BEGIN;
REASSIGN OWNED BY parking TO parking_owner;
REVOKE ALL ON DATABASE parking FROM PUBLIC;
GRANT CONNECT ON DATABASE parking TO parking;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO parking;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO parking;
ALTER DEFAULT PRIVILEGES FOR ROLE parking_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO parking;
ALTER DEFAULT PRIVILEGES FOR ROLE parking_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO parking;
COMMIT;
SQL
