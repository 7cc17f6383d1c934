/* SPDX-License-Identifier: MIT */
#include "nic/privilege.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct sets {
    struct __user_cap_header_struct header;
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
};

static bool get_sets(struct sets *sets)
{
    *sets = (struct sets){.header = {.version = _LINUX_CAPABILITY_VERSION_3}};
    return syscall(SYS_capget, &sets->header, sets->data) == 0;
}

static uint32_t bit(int capability)
{
    return UINT32_C(1) << (capability % 32);
}

bool emu_privilege_has(int capability)
{
    struct sets sets;

    return get_sets(&sets) && (sets.data[capability / 32].effective & bit(capability)) != 0;
}

bool emu_privilege_drop(struct emu_error *error)
{
    const uint32_t keep = bit(CAP_NET_ADMIN);
    struct sets sets;
    bool ok = get_sets(&sets);

    /* Only who may set capabilities may also shrink the set of those that can ever be had. */
    for (int i = 0; ok && i <= CAP_LAST_CAP && emu_privilege_has(CAP_SETPCAP); ++i) {
        if (i != CAP_NET_ADMIN && i != CAP_SETPCAP) {
            (void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
        }
    }
    for (uint32_t i = 0; i < _LINUX_CAPABILITY_U32S_3; ++i) {
        const uint32_t had = sets.data[i].permitted;

        sets.data[i].permitted = i == CAP_NET_ADMIN / 32 ? had & keep : 0;
        sets.data[i].effective = sets.data[i].permitted;
        sets.data[i].inheritable = 0;
    }
    ok = ok && syscall(SYS_capset, &sets.header, sets.data) == 0 &&
         prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0;
    if (!ok) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot give up privileges: %s",
                      strerror(errno));
    }
    return ok;
}
