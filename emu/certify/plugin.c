/* SPDX-License-Identifier: MIT */
#include "plugin.h"

#include <dlfcn.h>
#include <string.h>

static void limit(uint32_t *out, uint32_t asked)
{
    if (asked != 0) {
        *out = asked;
    }
}

static void choose(struct toe_target_settings *settings, uint32_t choices)
{
    settings->nagle_strict = (choices & TOE_CERTIFY_NAGLE_STRICT) != 0;
    settings->push_at_end = (choices & TOE_CERTIFY_PUSH_AT_END) != 0;
    settings->continue_after_root_failure = (choices & TOE_CERTIFY_CONTINUE_AFTER_ROOT) != 0;
    settings->rfc5961_syn = (choices & TOE_CERTIFY_RFC5961_SYN) != 0;
    settings->send_return =
        choices & TOE_CERTIFY_SEND_COMPLETE ? TOE_SEND_RETURN_COMPLETE : TOE_SEND_RETURN_CHAIN;
    settings->ipv4 = !(choices & TOE_CERTIFY_NO_IPV4);
    settings->ipv6 = !(choices & TOE_CERTIFY_NO_IPV6);
    settings->sack = !(choices & TOE_CERTIFY_NO_SACK);
    settings->user_priority = (choices & TOE_CERTIFY_USER_PRIORITY) != 0;
    settings->vlan_substitute = (choices & TOE_CERTIFY_VLAN_SUBSTITUTE) != 0;
    settings->drop_bad_ip = (choices & TOE_CERTIFY_DROP_BAD_IP) != 0;
    settings->drop_bad_tcp = (choices & TOE_CERTIFY_DROP_BAD_TCP) != 0;
    settings->indicate_and_post = (choices & TOE_CERTIFY_INDICATE_AND_POST) != 0;
    settings->invalid_on_transmit = (choices & TOE_CERTIFY_INVALID_ON_TRANSMIT) != 0;
}

static void *create(const struct toe_certify_settings *asked)
{
    struct toe_target_settings settings;

    toe_target_settings_default(&settings);
    settings.wire = asked->wire;
    settings.wire_user = asked->wire_user;
    memcpy(settings.mac, asked->mac, TOE_MAC_LEN);
    settings.mem = asked->mem;
    settings.bus = asked->bus;
    settings.seed = asked->seed;
    settings.profile = asked->profile;
    settings.optional_uploads = asked->optional_uploads;
    settings.retrieve_repeat = asked->retrieve_repeat;
    choose(&settings, asked->choices);
    limit(&settings.mtu_floor, asked->mtu_floor);
    limit(&settings.challenge_max, asked->challenge_max);
    limit(&settings.mtu_max, asked->mtu_max);
    limit(&settings.rcv_wnd_max, asked->rcv_wnd_max);
    limit(&settings.tcp_max, asked->tcp_max);
    limit(&settings.path_max, asked->path_max);
    limit(&settings.neighbor_max, asked->neighbor_max);
    limit(&settings.src_mac_max, asked->src_mac_max);
    limit(&settings.src_addr_max, asked->src_addr_max);
    limit(&settings.vlan_max, asked->vlan_max);
    limit(&settings.rcv_chunk_max, asked->rcv_chunk_max);
    settings.vlans = asked->vlans;
    settings.vlan_cnt = asked->vlan_cnt;
    return toe_target_new(&settings);
}

static void destroy(void *target)
{
    toe_target_del(target);
}

static void pause_target(void *target)
{
    toe_target_pause(target);
}

static void upload_all(void *target)
{
    toe_target_upload_all(target);
}

static toe_status resume(void *target, const struct toe_caps *caps)
{
    return toe_target_resume(target, caps);
}

static toe_status power_down(void *target)
{
    return toe_target_power_down(target);
}

static bool can_close(void *target)
{
    return toe_target_can_close(target);
}

static void stats_reset(void *target, uint32_t parts)
{
    toe_target_stats_reset(target, parts);
}

const struct toe_certify_plugin *cert_plugin_builtin(void)
{
    static struct toe_certify_plugin plugin = {
        .size = sizeof(plugin),
        .version = TOE_CERTIFY_VERSION,
        .name = "the software target of toe",
        .create = create,
        .destroy = destroy,
        .pause = pause_target,
        .upload_all = upload_all,
        .resume = resume,
        .power_down = power_down,
        .can_close = can_close,
        .stats_reset = stats_reset,
    };

    plugin.ops = toe_target_ops();
    return &plugin;
}

const struct toe_certify_plugin *cert_plugin_load(const char *path, struct emu_error *error)
{
    const struct toe_certify_plugin *(*get)(void);
    const struct toe_certify_plugin *plugin;
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void *symbol;

    if (object == NULL) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot load %s: %s", path, dlerror());
        return NULL;
    }
    symbol = dlsym(object, "toe_certify_plugin");
    if (symbol == NULL) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "%s does not export toe_certify_plugin() (see toe/certify.h)", path);
        return NULL;
    }
    memcpy(&get, &symbol, sizeof(get));
    plugin = get();
    if (plugin == NULL || plugin->version != TOE_CERTIFY_VERSION ||
        plugin->size < sizeof(*plugin) || plugin->create == NULL || plugin->destroy == NULL ||
        plugin->ops == NULL) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "%s: toe_certify_plugin() does not return a plug-in of version %d", path,
                      TOE_CERTIFY_VERSION);
        return NULL;
    }
    return plugin;
}
