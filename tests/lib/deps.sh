# shellcheck shell=bash
# What tests need from the machine's Debian: packages, and the mirror that it already uses. Sourced by tests/vm, tests/run and quickstart.
# The mirror is never written down: it is read from the machine's own apt sources. Output goes to a log file, a failure prints its end.

REDOUBT_REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
REDOUBT_DEPS_LOG=${REDOUBT_DEPS_LOG:-$REDOUBT_REPO/build/deps.log}

# debian_mirror: the address of the Debian archive in the machine's apt sources.
debian_mirror() {
  local sources=(/etc/apt/sources.list.d/*.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list) mirror
  mirror=$(cat "${sources[@]}" 2>/dev/null | grep -oP '^(URIs:\s*|deb\s+(\[[^]]*\]\s+)?)\Khttps?://\S+/debian/?(?=\s|$)' | head -n 1)
  [ -n "$mirror" ] || { echo "no Debian mirror found in the apt sources" >&2; return 1; }
  echo "${mirror%/}"
}

# package_installed PKG
package_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# run_logged CMD...: quiet; the end of the log is shown when CMD fails.
run_logged() {
  mkdir -p "$(dirname "$REDOUBT_DEPS_LOG")"
  "$@" >>"$REDOUBT_DEPS_LOG" 2>&1 && return
  echo "failed: $*; the end of $REDOUBT_DEPS_LOG:" >&2
  tail -n 15 "$REDOUBT_DEPS_LOG" >&2
  return 1
}

# as_root CMD...: CMD directly as root, else by sudo.
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# apt_quiet ARGS...: apt-get without questions. It waits for another apt to end, and tries again what a mirror dropped.
apt_quiet() {
  run_logged as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"
}

# need_packages PKG...: installs those that are missing, after one apt-get update in the life of the calling script.
need_packages() {
  local missing=() package
  for package; do package_installed "$package" || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ -z "${REDOUBT_APT_UPDATED:-}" ]; then apt_quiet update || return 1; REDOUBT_APT_UPDATED=1; fi
  apt_quiet install -y --no-install-recommends "${missing[@]}"
}

# need_backports PKG...: the same from Debian 12's backports. /etc/apt stays as it is: the extra source exists for these calls only.
need_backports() {
  local list with=()
  list=$(mktemp) || return 1
  { cat /etc/apt/sources.list 2>/dev/null || true; echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) bookworm-backports main"; } >"$list"
  chmod 644 "$list"
  with=(-o "Dir::Etc::SourceList=$list")
  apt_quiet "${with[@]}" update && apt_quiet "${with[@]}" install -y --no-install-recommends -t bookworm-backports "$@"
  local status=$?
  rm -f "$list"
  return $status
}

# need_guest_tools DIR: what a guest in a machine is tested with: QEMU, and in DIR/virtiofsd the last virtiofsd that Debian 12 packages, which QEMU 7.2
# came with. It is unpacked, not installed, beside a newer QEMU.
need_guest_tools() {
  local scratch
  need_packages lz4 binutils libcap-ng0 libseccomp2 libglib2.0-0 || return 1
  if ! command -v qemu-system-x86_64 >/dev/null; then
    if grep -q '^VERSION_ID="12"' /etc/os-release; then need_backports qemu-system-x86; else need_packages qemu-system-x86; fi || return 1
  fi
  [ ! -x "$1/virtiofsd" ] || return 0
  # The lists may be older than what the mirror still has.
  if [ -z "${REDOUBT_APT_UPDATED:-}" ]; then apt_quiet update || return 1; REDOUBT_APT_UPDATED=1; fi
  mkdir -p "$1" && scratch=$(mktemp -d "$1/fetch.XXXXXX") || return 1
  (cd "$scratch" && run_logged apt-get -q -o APT::Sandbox::User=root download 'qemu-system-common=1:7.2*' && run_logged dpkg-deb -x qemu-system-common_*.deb .) &&
    mv "$scratch/usr/lib/qemu/virtiofsd" "$1/virtiofsd"
  local status=$?
  rm -rf "$scratch"
  return $status
}
