#!/bin/sh
# Makes .venv from the pinned requirements. Quick when nothing changed: make calls it only then.
set -eu
cd "$(dirname "$0")/.."
PYTHON="${PYTHON:-python3}"

as_root() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }
need() { # need WHAT PACKAGE...: install Debian packages when root, otherwise say how
    what=$1; shift
    if as_root; then
        echo "Installing $what ($*) ..."
        { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"; } >/tmp/tongban-apt.$$ 2>&1 \
            || { tail -5 /tmp/tongban-apt.$$; rm -f /tmp/tongban-apt.$$; return 1; }
        rm -f /tmp/tongban-apt.$$
    else
        echo "$what is missing. As root: apt-get install $*" >&2
        return 1
    fi
}

"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed." >&2; exit 1; }
"$PYTHON" -c 'import ensurepip' 2>/dev/null || need "Python's venv module" python3-venv
# WeasyPrint draws text with Pango; Chinese pages need a Chinese font.
ldconfig -p 2>/dev/null | grep -q libpangoft2-1.0 || need "the Pango library" libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
[ -n "$(find /usr/share/fonts -iname '*cjk*' 2>/dev/null | head -n 1)" ] || need "a Chinese font" fonts-noto-cjk
# Uploads are parsed behind bubblewrap's walls; without it they are parsed all the same, and the log says so.
command -v bwrap >/dev/null || need "bubblewrap" bubblewrap || true
# Copies are sealed with age; the tests ask OpenSSL's own tools and a device in software.
command -v age >/dev/null && command -v openssl >/dev/null \
    && [ -n "$(find /usr/lib -name libsofthsm2.so 2>/dev/null | head -n 1)" ] \
    || need "what seals copies, and what the tests of keys ask" age openssl softhsm2 || true

[ -x .venv/bin/python ] || "$PYTHON" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/core.txt -r requirements/dev.txt
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
.venv/bin/pybabel --quiet compile --help >/dev/null
for catalogue in $(find src -name django.po); do
    .venv/bin/pybabel --quiet compile -i "$catalogue" -o "${catalogue%.po}.mo" -l zh_Hans
done
touch .venv/.installed
