#!/bin/sh
# On the first start of PostgreSQL: the role that `yingda provision` and `yingda doctor` work as. It makes roles and
# schemas in its own database and is no superuser; the superuser's password is needed by nobody afterwards.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set password="$(cat /run/secrets/administrator.password)" --set database="$POSTGRES_DB" <<'SQL'
CREATE ROLE yingda LOGIN CREATEROLE PASSWORD :'password';
ALTER DATABASE :"database" OWNER TO yingda;
REVOKE CONNECT ON DATABASE postgres FROM PUBLIC;
SQL
