"""Who may change a folder besides those who may: its owner, root, and opsbot's user.

A group may when it is one of opsbot's own (somebody put opsbot into it), or its owner's private one: Debian
and Fedora give each user a group of the same name, and with it a umask that lets the group write. Where root
is the owner, the private group of a service will do too, as Ubuntu's /var/log belongs to root and `syslog`.
Access lists are read, for where there is one, the group bits of the mode are not the group's (acl(5)).
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass

_ACL = "system.posix_acl_access"
_HEAD, _ENTRY = struct.Struct("<I"), struct.Struct("<HHI")  # linux/posix_acl_xattr.h: version; tag, perm, id
_USER, _GROUP_OBJ, _GROUP, _MASK = 0x02, 0x04, 0x08, 0x10
_WRITE = 2

_FIRST_PERSON = 1000
"""Lower uids are services' (UID_MIN of login.defs(5))."""


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody who may write to a folder and should not. `remedy`: the command that ends it, without the
    folder."""

    who: str
    remedy: str


def strangers(descriptor: int) -> Iterator[Stranger]:
    """Who else may write to the open folder (O_PATH will do)."""
    found = os.fstat(descriptor)
    if found.st_mode & stat.S_IWOTH:
        yield Stranger("rest of the users", "chmod o-w")
    if not found.st_mode & stat.S_IWGRP:  # with an access list these bits are its mask: nobody in it writes
        return
    entries = list(_access_list(descriptor))
    if not entries and not _trusted_group(found.st_gid, found.st_uid):
        yield Stranger(f"group {group_name(found.st_gid)}", "chmod g-w")
    for tag, number in entries:
        if tag == _USER and number not in (0, os.geteuid(), found.st_uid):
            yield Stranger(f"user {user_name(number)}", f"setfacl -x u:{user_name(number)}")
        elif tag == _GROUP and not _trusted_group(number, found.st_uid):
            yield Stranger(f"group {group_name(number)}", f"setfacl -x g:{group_name(number)}")
        elif tag == _GROUP_OBJ and not _trusted_group(found.st_gid, found.st_uid):
            yield Stranger(f"group {group_name(found.st_gid)}", "setfacl -m g::rx")


def user_name(number: int) -> str:
    """Its name, or the number where it has none."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def group_name(number: int) -> str:
    """Its name, or the number where it has none."""
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _trusted_group(number: int, owner: int) -> bool:
    if number in (0, os.getegid(), *os.getgroups()):
        return True
    try:
        group = grp.getgrgid(number)
        user = pwd.getpwnam(group.gr_name)
    except KeyError:
        return False
    private = user.pw_gid == number and set(group.gr_mem) <= {user.pw_name}
    return private and (user.pw_uid == owner or (owner == 0 and user.pw_uid < _FIRST_PERSON))


def _access_list(descriptor: int) -> Iterator[tuple[int, int]]:
    """(tag, id) of the entries of the access list that may write; none where there is no list."""
    try:  # by this path, for an O_PATH descriptor itself has no attributes
        raw = os.getxattr(f"/proc/self/fd/{descriptor}", _ACL)
    except (OSError, AttributeError):  # none, or a system that has none
        return
    entries = list(_ENTRY.iter_unpack(raw[_HEAD.size :]))
    mask = next((permission for tag, permission, _ in entries if tag == _MASK), _WRITE)
    for tag, permission, number in entries:
        if permission & mask & _WRITE:
            yield tag, number
