#!/bin/sh
# One consistent copy of an installation: the database, then the stored files. See docs/how-to/back-up-and-restore.md.
#   TONGBAN_HOME=... PGHOST=... PGUSER=tongban_backup PGPASSFILE=... deploy/backup.sh TARGET-FOLDER
# Secrets are not copied: keep them apart from what they protect.
set -eu
target=${1:?"usage: backup.sh TARGET-FOLDER"}
home=${TONGBAN_HOME:?"TONGBAN_HOME must be set"}
umask 077
stamp=$(date -u +%Y%m%dT%H%M%SZ)
mkdir -p "$target/files"
target=$(cd "$target" && pwd)

# The database first: content is written before the row that names it, so every row of the copy finds its file.
pg_dump --format=custom --dbname="${PGDATABASE:-tongban}" --file="$target/$stamp.part"
pg_restore --list "$target/$stamp.part" >/dev/null
mv "$target/$stamp.part" "$target/$stamp.dump"

# A stored file is named by its content and never changes, so only new ones are copied, each under a name of its own
# until it is whole.
cd "$home/files" 2>/dev/null || { echo "$target/$stamp.dump"; exit 0; }
find . -type f ! -path './incoming/*' | while read -r file; do
    [ -e "$target/files/$file" ] && continue
    mkdir -p "$target/files/${file%/*}"
    cp "$file" "$target/files/$file.part"
    mv "$target/files/$file.part" "$target/files/$file"
done
sync
echo "$target/$stamp.dump"
