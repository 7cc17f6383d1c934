/* SPDX-License-Identifier: MIT */
/*
 * A target for `toe certify --target`: the template of a plug-in.
 *
 *     cc -shared -fPIC -o mine.so certify_plugin.c $(pkg-config --cflags --libs toe)
 *     toe certify --target ./mine.so --stop
 *
 * Here the target is the library's own. Put yours in its place: a struct toe_target_ops, a function
 * that makes a target and one that frees it. Of the table attach, caps_get, params_set, initiate,
 * terminate, deadline and run are needed for anything to be tried; what else is missing fails where
 * it is called. Of the plug-in, what your target cannot do may stay NULL: the scenarios that need
 * it are skipped then.
 *
 * A target that is written from nothing is best written in the order of the basics, which are run
 * first; with --stop the first that fails is the last thing that is said. (--filter basics runs
 * them alone.) What your target prints goes to stderr.
 */
#include <string.h>

#include "toe/certify.h"

/* Whether a limit is asked for that this template does not pass on. */
static bool has_other_limit(const struct toe_certify_settings *asked)
{
    const uint32_t limits = asked->mtu_max | asked->rcv_wnd_max | asked->path_max |
                            asked->neighbor_max | asked->src_mac_max | asked->src_addr_max |
                            asked->vlan_max | asked->rcv_chunk_max | asked->mtu_floor |
                            asked->challenge_max;

    return limits != 0 || asked->retrieve_repeat != 0;
}

/* Takes the settings it understands. A target that cannot do what is asked returns NULL. */
static void *create(const struct toe_certify_settings *asked)
{
    struct toe_target_settings settings;

    if (asked->choices != 0 || asked->optional_uploads != 0 || has_other_limit(asked)) {
        return NULL; /* this template leaves these to the target */
    }
    toe_target_settings_default(&settings);
    settings.wire = asked->wire;
    settings.wire_user = asked->wire_user;
    memcpy(settings.mac, asked->mac, TOE_MAC_LEN);
    settings.mem = asked->mem;
    settings.bus = asked->bus;
    settings.seed = asked->seed;
    settings.profile = asked->profile;
    settings.vlans = asked->vlans;
    settings.vlan_cnt = asked->vlan_cnt;
    if (asked->tcp_max != 0) {
        settings.tcp_max = asked->tcp_max;
    }
    return toe_target_new(&settings);
}

static void destroy(void *target)
{
    toe_target_del(target);
}

const struct toe_certify_plugin *toe_certify_plugin(void)
{
    static struct toe_certify_plugin plugin = {
        .size = sizeof(plugin),
        .version = TOE_CERTIFY_VERSION,
        .name = "the template",
        .create = create,
        .destroy = destroy,
    };

    plugin.ops = toe_target_ops();
    return &plugin;
}
