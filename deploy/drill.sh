#!/usr/bin/env bash
# Shows that the newest copy can be restored: into a database and a folder of its own, which are removed afterwards.
#   PGHOST=... PGUSER=<superuser> deploy/drill.sh KEY-FILE FOLDER
# Says how much was found and how old it is. Run it weekly, and let somebody hear of a status other than 0.
set -euo pipefail
key=${1:?"usage: drill.sh KEY-FILE FOLDER"}
newest=$(ls "${2:?"usage: drill.sh KEY-FILE FOLDER"}"/*.dump.age | tail -n 1)
export PGDATABASE=tongban_drill TONGBAN_HOME
TONGBAN_HOME=$(mktemp -d)
createdb -T template0 -E UTF8 "$PGDATABASE"
trap 'rm -rf "$TONGBAN_HOME"; dropdb --if-exists "$PGDATABASE"' EXIT
"$(dirname "$0")/restore.sh" "$key" "$newest"
psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 \
    --command="SELECT count(*) || ' leaves of the ledger, the newest of ' || max(at) FROM ledger_leaf"
missing=$(comm -23 <(psql --no-psqlrc --tuples-only --no-align --command="SELECT sha256 FROM files_blob" | sort) \
    <(find "$TONGBAN_HOME/files" -type f -printf '%f\n' | sort) | wc -l)
[ "$missing" = 0 ] || { echo "$missing stored files are named in the database and missing in the copy" >&2; exit 1; }
