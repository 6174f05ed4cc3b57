# Creates the database on the first start, then becomes the server.
set -eu
data=/var/lib/postgresql/data
PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
as_postgres='setpriv --reuid=postgres --regid=postgres --init-groups'

chown postgres: /var/lib/postgresql
if [ ! -e $data/PG_VERSION ]; then
  printf '%s\n' "$POSTGRES_PASSWORD" > /var/lib/postgresql/password
  chown postgres: /var/lib/postgresql/password
  $as_postgres initdb --pgdata $data --username "$POSTGRES_USER" --pwfile /var/lib/postgresql/password --auth scram-sha-256
  rm /var/lib/postgresql/password
  echo 'host all all all scram-sha-256' >> $data/pg_hba.conf
  echo "CREATE DATABASE \"$POSTGRES_DB\"" | $as_postgres postgres --single -D $data postgres
fi
exec $as_postgres postgres -D $data -c listen_addresses='*'
