#!/bin/sh
# Runs once, when PostgreSQL's folder is new: a database for eakte, of a role that owns it and may do nothing else.
# DATABASE_PASSWORD_FILE: where its password is, /run/secrets/database_password where nothing is said.
set -eu
PASSWORD=$(cat "${DATABASE_PASSWORD_FILE:-/run/secrets/database_password}")
export PASSWORD
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv password PASSWORD
CREATE ROLE eakte LOGIN PASSWORD :'password';
CREATE DATABASE eakte OWNER eakte TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8';
SQL
