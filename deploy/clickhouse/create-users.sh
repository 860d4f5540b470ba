#!/bin/sh
# Makes the users of users.sql on the server of this machine, or sets their passwords anew. The passwords' hashes pass
# through standard input only.
set -eu
secrets=${SECRETS_DIR:-/run/secrets}
sql=$(cat "${USERS_SQL:-/etc/lachan/users.sql}")
for user in admin gateway consumers console; do
  file="$secrets/clickhouse-$user.password"
  [ -s "$file" ] || { echo "$file is missing or empty" >&2; exit 1; }
  hash=$(tr -d '\r\n' < "$file" | sha256sum | cut -d ' ' -f 1)
  sql=$(printf '%s\n' "$sql" | sed "s/{{${user}_sha256}}/$hash/g")
done
printf '%s\n' "$sql" | clickhouse-client --host 127.0.0.1 --multiquery
