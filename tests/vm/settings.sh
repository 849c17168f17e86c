# shellcheck shell=bash
# Where things are; sourced by the host-side scripts of this folder.
VM_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
VM_REPO=$(cd "$VM_SOURCE/../.." && pwd)
VM_BUILD=${REDOUBT_BUILD_ROOT:-$VM_REPO/build/vm}
VM_TREE=$VM_BUILD/tree
mkdir -p "$VM_BUILD"
