#!/bin/sh
# For each service a database, a role that owns it and migrates it, and the role of its processes, which gets its rights
# from `candor migrate --grants`; run by the image of PostgreSQL when the data folder is new.
set -eu
for name in promise delivery risk notify; do
  psql -v ON_ERROR_STOP=1 -v role="candor_$name" -v password="$(cat "/run/secrets/postgres-$name")" \
    -v app_password="$(cat "/run/secrets/postgres-$name-app")" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
\set app :role _app
CREATE ROLE :"app" LOGIN PASSWORD :'app_password';
CREATE DATABASE :"role" OWNER :"role" ENCODING 'UTF8' TEMPLATE template0;
REVOKE CONNECT ON DATABASE :"role" FROM PUBLIC;
SQL
done
