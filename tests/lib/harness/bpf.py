"""bpf(2): which programs are attached to a cgroup, and whether a program still exists."""

import ctypes
import errno
import os
import struct

from harness import host

PROG_GET_FD_BY_ID, PROG_QUERY = 13, 16
SYS_BPF = {"x86_64": 321, "aarch64": 280}
# enum bpf_attach_type
SOCK_CREATE, DEVICE, BIND4, BIND6, CONNECT4, CONNECT6, SENDMSG4, SENDMSG6 = 2, 6, 8, 9, 10, 11, 14, 15
NETWORK = (SOCK_CREATE, BIND4, BIND6, CONNECT4, CONNECT6, SENDMSG4, SENDMSG6)


def bpf(command, layout, *values):
    """The result, or minus errno; and the attributes as the kernel left them."""
    attributes = ctypes.create_string_buffer(struct.pack(layout, *values), 128)
    result = host.libc.syscall(SYS_BPF[os.uname().machine], command, attributes, 128)
    return (result if result >= 0 else -ctypes.get_errno()), attributes


def attached(cgroup, attach_type):
    """Ids of the programs that are attached to the cgroup itself."""
    fd = os.open(cgroup, os.O_RDONLY | os.O_DIRECTORY)
    ids = (ctypes.c_uint32 * 64)()
    try:
        result, attributes = bpf(PROG_QUERY, "=IIIIQI", fd, attach_type, 0, 0, ctypes.addressof(ids), len(ids))
    finally:
        os.close(fd)
    assert result == 0, os.strerror(-result)
    return list(ids[: struct.unpack_from("=I", attributes, 24)[0]])


def exists(program_id):
    result, _ = bpf(PROG_GET_FD_BY_ID, "=I", program_id)
    if result >= 0:
        os.close(result)
    assert result >= 0 or result == -errno.ENOENT, os.strerror(-result)
    return result >= 0
