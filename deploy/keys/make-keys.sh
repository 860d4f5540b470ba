#!/bin/sh
# Makes what a cluster needs before its first start: the keys of `lachan keys make`, with nothing but openssl, and the
# passwords of ClickHouse's users. Overwrites nothing.
#   deploy/keys/make-keys.sh SECRETS_DIR AUTHORITY_DIR
# SECRETS_DIR    identity.key, authority-public.pem and a password per ClickHouse user: mounted into containers.
# AUTHORITY_DIR  authority-private.pem: opens what is sealed. Run this on a machine of the authority, or take the file
#                there at once; no process of Lachan needs it, and it must not stay beside the cluster.
set -eu
if [ $# -ne 2 ]; then
  echo "usage: $0 SECRETS_DIR AUTHORITY_DIR" >&2
  exit 2
fi
secrets=$1
authority=$2
umask 077
mkdir -p "$secrets" "$authority"

for file in "$secrets/identity.key" "$secrets/authority-public.pem" "$authority/authority-private.pem"; do
  if [ -e "$file" ]; then
    echo "$file is there already. A new key would make every report look new, or orphan what is sealed: nothing was made." >&2
    exit 1
  fi
done

# The private half first: what is sealed to a key that was never written down is lost for ever.
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$authority/authority-private.pem"
openssl pkey -in "$authority/authority-private.pem" -pubout -out "$secrets/authority-public.pem"
openssl rand -hex 32 > "$secrets/identity.key"
for user in admin gateway consumers console; do
  openssl rand -hex 24 > "$secrets/clickhouse-$user.password"
done

# Containers run as users of their own and read these through a mount; the directory keeps everybody else out.
chmod 0444 "$secrets"/*
chmod 0700 "$secrets" "$authority"
echo "Back up $secrets/identity.key apart from the data; move $authority/authority-private.pem to the authority."
