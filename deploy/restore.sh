#!/usr/bin/env bash
# Opens a copy made by backup.sh into an empty database and a home without files.
#   TONGBAN_HOME=... PGHOST=... PGUSER=<superuser> [PGDATABASE=tongban] deploy/restore.sh KEY-FILE FOLDER/<stamp>.dump.age
# All or nothing for the database; a file that is not what its name says stops it.
set -euo pipefail
key=$(realpath -e "${1:?"usage: restore.sh KEY-FILE FOLDER/<stamp>.dump.age"}")
dump=$(realpath -e "${2:?"usage: restore.sh KEY-FILE FOLDER/<stamp>.dump.age"}")
home=${TONGBAN_HOME:?"TONGBAN_HOME must be set"}
umask 077
open() { age --decrypt --identity "$key" "$@"; }

mkdir -p "$home/files"
[ -z "$(ls -A "$home/files")" ] || { echo "$home/files is not empty: nothing is restored over it" >&2; exit 1; }
open "$dump" | pg_restore --exit-on-error --single-transaction --dbname="${PGDATABASE:-tongban}"

home=$(cd "$home" && pwd)
cd "${dump%/*}/files"
count=0
while read -r file; do
    plain="$home/files/${file%.age}"
    mkdir -p "${plain%/*}"
    open --output "$plain" "$file"
    echo "${plain##*/}  $plain" | sha256sum --check --status || { echo "$plain: not what its name says" >&2; exit 1; }
    count=$((count + 1))
done < <(find . -type f -name '*.age')
echo "restored ${dump##*/} and $count stored files"
