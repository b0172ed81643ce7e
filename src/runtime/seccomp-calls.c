/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/seccomp-calls.c: see seccomp-calls.h. A profile allows by name; without the number the newest calls would be
 * refused on an old library, and differently on each. Source: the kernel's scripts/syscall.tbl and
 * arch/x86/entry/syscalls/syscall_64.tbl, 6.5 (cachestat) to 6.19 (listns).
 */
#include "runtime/seccomp-calls.h"
#include <stddef.h>
#include "base/str.h"

static const SeccompCall calls[] = {
        { "uretprobe", 335, "x86_64" },
        { "uprobe", 336, "x86_64" },
        { "cachestat", 451, NULL },
        { "fchmodat2", 452, NULL },
        { "map_shadow_stack", 453, NULL },
        { "futex_wake", 454, NULL },
        { "futex_wait", 455, NULL },
        { "futex_requeue", 456, NULL },
        { "statmount", 457, NULL },
        { "listmount", 458, NULL },
        { "lsm_get_self_attr", 459, NULL },
        { "lsm_set_self_attr", 460, NULL },
        { "lsm_list_modules", 461, NULL },
        { "mseal", 462, NULL },
        { "setxattrat", 463, NULL },
        { "getxattrat", 464, NULL },
        { "listxattrat", 465, NULL },
        { "removexattrat", 466, NULL },
        { "open_tree_attr", 467, NULL },
        { "file_getattr", 468, NULL },
        { "file_setattr", 469, NULL },
        { "listns", 470, NULL },
};

const SeccompCall *seccomp_call_find(const char *name) {
        for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
                if (streq(calls[i].name, name))
                        return &calls[i];
        return NULL;
}
