#!/bin/sh
# Run once by the image of PostgreSQL, when its volume is new: the application's role owns its database and is no
# superuser. The password comes in the environment and does not stand in any program's arguments.
set -eu
psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\getenv password PARKING_PASSWORD
CREATE ROLE parking LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
CREATE DATABASE parking OWNER parking;
REVOKE ALL ON DATABASE parking FROM PUBLIC;
SQL
