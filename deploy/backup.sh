#!/usr/bin/env bash
# One consistent copy of an installation: the database, then the stored files, sealed for whoever may restore it.
# See docs/how-to/back-up-and-restore.md.
#   TONGBAN_HOME=... TONGBAN_BACKUP_FOR=RECIPIENTS PGHOST=... PGUSER=tongban_backup PGPASSFILE=... deploy/backup.sh FOLDER
# RECIPIENTS holds public keys of age, one a line. Secrets are not copied: keep them apart from what they protect.
set -euo pipefail
target=${1:?"usage: backup.sh FOLDER"}
home=${TONGBAN_HOME:?"TONGBAN_HOME must be set"}
recipients=$(realpath -e "${TONGBAN_BACKUP_FOR:?"TONGBAN_BACKUP_FOR must name the file of public keys (see age-keygen)"}")
umask 077
stamp=$(date -u +%Y%m%dT%H%M%SZ)
mkdir -p "$target/files"
target=$(cd "$target" && pwd)
seal() { age --encrypt --recipients-file "$recipients" --output "$@"; }

# The database first: content is written before the row that names it, so every row of the copy finds its file.
pg_dump --format=custom --dbname="${PGDATABASE:-tongban}" | seal "$target/$stamp.part"
mv "$target/$stamp.part" "$target/$stamp.dump.age"

# A stored file is named by its content and never changes, so only new ones are copied, each under a name of its own
# until it is whole.
if cd "$home/files" 2>/dev/null; then
    find . -type f ! -path './incoming/*' | while read -r file; do
        [ -e "$target/files/$file.age" ] && continue
        mkdir -p "$target/files/${file%/*}"
        seal "$target/files/$file.part" "$file"
        mv "$target/files/$file.part" "$target/files/$file.age"
    done
fi
sync
echo "$target/$stamp.dump.age"
