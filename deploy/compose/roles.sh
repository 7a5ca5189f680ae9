#!/bin/sh
# A database for each service that its own role alone owns; run by the image of PostgreSQL when the data folder is new.
set -eu
for name in promise delivery risk notify; do
  psql -v ON_ERROR_STOP=1 -v role="candor_$name" -v password="$(cat "/run/secrets/postgres-$name")" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE DATABASE :"role" OWNER :"role" ENCODING 'UTF8' TEMPLATE template0;
REVOKE CONNECT ON DATABASE :"role" FROM PUBLIC;
SQL
done
