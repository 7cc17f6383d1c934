/* SPDX-License-Identifier: MIT */
#include "plugin.h"

#include "toe/inter.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOAD_SECONDS 10
/* What the child that tries it exits with: by no accident. */
#define LOAD_FINE 91
#define LOAD_REFUSED 92 /* load() will find the reason again */

static void limit(uint32_t *out, uint32_t asked)
{
    if (asked != 0) {
        *out = asked;
    }
}

/* RACK and the choices behind it are what profile modern does. */
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
    settings->tuning.mtu_probing =
        choices & TOE_CERTIFY_PROBE_MTU ? TOE_MTU_PROBING_ALWAYS : TOE_MTU_PROBING_OFF;
}

/*
 * Hardware that fails is a layer above a target that never does, and receive-side scaling a team of
 * several (toe/inter.h). They are there only where a scenario asks for them: otherwise it is the
 * target alone that is certified.
 */
static struct {
    struct toe_target *target;
    struct toe_inter_fault *fault; /* or NULL */
    struct toe_inter_spread *team; /* or NULL */
    struct toe_target *members[TOE_INTER_SPREAD_MEMBER_MAX];
    uint32_t member_cnt;
} made;

static struct toe_certify_plugin builtin; /* below */

static void *stack_fault(const struct toe_bus *bus)
{
    struct toe_inter_fault_settings settings;

    toe_inter_fault_settings_default(&settings);
    settings.below = (struct toe_inter_below){toe_target_ops(), made.target};
    settings.bus = *bus;
    made.fault = toe_inter_fault_new(&settings);
    if (made.fault == NULL) {
        toe_target_del(made.target);
        return NULL;
    }
    builtin.ops = toe_inter_fault_ops(made.fault);
    return made.fault;
}

static void del_team(void)
{
    for (uint32_t m = 0; m < made.member_cnt; ++m) {
        toe_target_del(made.members[m]);
    }
    toe_inter_spread_del(made.team);
    made.team = NULL;
    made.member_cnt = 0;
}

/* A team of |member_cnt| targets, each of which is as |settings| say. */
static void *build_team(const struct toe_target_settings *settings, uint32_t member_cnt)
{
    struct toe_target_settings member = *settings;
    struct toe_inter_spread_settings team;

    toe_inter_spread_settings_default(&team);
    team.wire = settings->wire;
    team.wire_user = settings->wire_user;
    team.mem = settings->mem;
    team.seed = settings->seed;
    team.member_cnt = member_cnt;
    made.team = toe_inter_spread_new(&team);
    if (made.team == NULL) {
        return NULL;
    }
    member.wire = toe_inter_spread_wire_ops(made.team);
    for (made.member_cnt = 0; made.member_cnt < member_cnt; ++made.member_cnt) {
        struct toe_target **at = &made.members[made.member_cnt];

        member.wire_user = toe_inter_spread_wire(made.team, made.member_cnt);
        *at = toe_target_new(&member);
        if (*at == NULL) {
            del_team();
            return NULL;
        }
        (void)toe_inter_spread_member_set(made.team, made.member_cnt,
                                          &(struct toe_inter_below){toe_target_ops(), *at});
    }
    builtin.ops = toe_inter_spread_ops(made.team);
    return made.team;
}

static void fill(struct toe_target_settings *settings, const struct toe_certify_settings *asked)
{
    toe_target_settings_default(settings);
    settings->wire = asked->wire;
    settings->wire_user = asked->wire_user;
    memcpy(settings->mac, asked->mac, TOE_MAC_LEN);
    settings->mem = asked->mem;
    settings->bus = asked->bus;
    settings->seed = asked->seed;
    settings->profile = asked->profile;
    settings->optional_uploads = asked->optional_uploads;
    settings->retrieve_repeat = asked->retrieve_repeat;
    choose(settings, asked->choices);
    limit(&settings->mtu_floor, asked->mtu_floor);
    limit(&settings->challenge_max, asked->challenge_max);
    limit(&settings->mtu_max, asked->mtu_max);
    limit(&settings->rcv_wnd_max, asked->rcv_wnd_max);
    limit(&settings->tcp_max, asked->tcp_max);
    limit(&settings->path_max, asked->path_max);
    limit(&settings->neighbor_max, asked->neighbor_max);
    limit(&settings->src_mac_max, asked->src_mac_max);
    limit(&settings->src_addr_max, asked->src_addr_max);
    limit(&settings->vlan_max, asked->vlan_max);
    limit(&settings->rcv_chunk_max, asked->rcv_chunk_max);
    settings->vlans = asked->vlans;
    settings->vlan_cnt = asked->vlan_cnt;
}

static void *create(const struct toe_certify_settings *asked)
{
    struct toe_target_settings settings;

    fill(&settings, asked);
    builtin.ops = toe_target_ops();
    made.fault = NULL;
    made.team = NULL;
    made.target = NULL;
    if (asked->rss_queues != 0) {
        return asked->corrupts ? NULL : build_team(&settings, asked->rss_queues);
    }
    made.target = toe_target_new(&settings);
    return asked->corrupts && made.target != NULL ? stack_fault(&asked->bus) : made.target;
}

/* The target itself, below what may stand above it; of a team, member |idx|. NULL behind the last.
 */
static struct toe_target *bare(void *target, uint32_t idx)
{
    if (made.team != NULL && target == made.team) {
        return idx < made.member_cnt ? made.members[idx] : NULL;
    }
    if (idx > 0) {
        return NULL;
    }
    return made.fault != NULL && target == made.fault ? made.target : target;
}

static void destroy(void *target)
{
    struct toe_target *below = bare(target, 0);

    if (made.team != NULL && target == made.team) {
        del_team();
        return;
    }
    if (target == made.fault) {
        toe_inter_fault_del(made.fault);
        made.fault = NULL;
    }
    toe_target_del(below);
}

static void corrupt(void *target, toe_handle tcp)
{
    if (target == made.fault) {
        toe_inter_fault_spoil(made.fault, tcp);
    }
}

static void pause_target(void *target)
{
    for (uint32_t i = 0; bare(target, i) != NULL; ++i) {
        toe_target_pause(bare(target, i));
    }
}

static void upload_all(void *target)
{
    for (uint32_t i = 0; bare(target, i) != NULL; ++i) {
        toe_target_upload_all(bare(target, i));
    }
}

static toe_status resume(void *target, const struct toe_caps *caps)
{
    toe_status status = TOE_STATUS_SUCCESS;

    for (uint32_t i = 0; bare(target, i) != NULL && status == TOE_STATUS_SUCCESS; ++i) {
        status = toe_target_resume(bare(target, i), caps);
    }
    return status;
}

static toe_status power_down(void *target)
{
    toe_status status = TOE_STATUS_SUCCESS;

    for (uint32_t i = 0; bare(target, i) != NULL; ++i) {
        if (toe_target_power_down(bare(target, i)) != TOE_STATUS_SUCCESS) {
            status = TOE_STATUS_PENDING;
        }
    }
    return status;
}

static bool can_close(void *target)
{
    for (uint32_t i = 0; bare(target, i) != NULL; ++i) {
        if (!toe_target_can_close(bare(target, i))) {
            return false;
        }
    }
    return true;
}

static void stats_reset(void *target, uint32_t parts)
{
    for (uint32_t i = 0; bare(target, i) != NULL; ++i) {
        toe_target_stats_reset(bare(target, i), parts);
    }
}

static void rss_table_set(void *target, const uint8_t *table, uint32_t cnt)
{
    (void)toe_inter_spread_table_set(target, table, cnt);
}

static uint32_t rss_queue(void *target, toe_handle tcp)
{
    return toe_inter_spread_member_of(target, tcp);
}

static struct toe_certify_plugin builtin = {
    .size = sizeof(builtin),
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
    .corrupt = corrupt,
    .rss_table_set = rss_table_set,
    .rss_queue = rss_queue,
};

const struct toe_certify_plugin *cert_plugin_builtin(void)
{
    builtin.ops = toe_target_ops();
    return &builtin;
}

/* --- loading --- */

/* What a table must have for anything to be tried; the rest is missed where it is called. */
static const char *missing(const struct toe_target_ops *ops)
{
    const struct {
        const char *name;
        bool is_there;
    } needed[] = {
        {"attach", ops->attach != NULL},
        {"caps_get", ops->caps_get != NULL},
        {"params_set", ops->params_set != NULL},
        {"initiate", ops->initiate != NULL},
        {"terminate", ops->terminate != NULL},
        {"deadline", ops->deadline != NULL},
        {"run", ops->run != NULL},
    };

    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); ++i) {
        if (!needed[i].is_there) {
            return needed[i].name;
        }
    }
    return NULL;
}

static bool is_whole(const char *path, const struct toe_certify_plugin *plugin,
                     struct emu_error *error)
{
    const char *name = NULL;

    if (plugin == NULL) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "%s: toe_certify_plugin() returns NULL", path);
    } else if (plugin->version != TOE_CERTIFY_VERSION) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "%s: a plug-in of version %u, this is version %d (TOE_CERTIFY_VERSION)", path,
                      plugin->version, TOE_CERTIFY_VERSION);
    } else if (plugin->size < sizeof(*plugin)) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "%s: its |size| is %zu, struct toe_certify_plugin has %zu bytes", path,
                      plugin->size, sizeof(*plugin));
    } else if (plugin->create == NULL || plugin->destroy == NULL || plugin->ops == NULL) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "%s: a plug-in needs create, destroy and ops",
                      path);
    } else if (plugin->ops->size < sizeof(*plugin->ops)) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                      "%s: the |size| of its ops is %zu, struct toe_target_ops has %zu bytes", path,
                      plugin->ops->size, sizeof(*plugin->ops));
    } else {
        name = missing(plugin->ops);
        if (name == NULL) {
            return true;
        }
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "%s: its ops have no %s() (toe/seam.h)", path,
                      name);
    }
    return false;
}

static const struct toe_certify_plugin *load(const char *path, struct emu_error *error)
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
    return is_whole(path, plugin, error) ? plugin : NULL;
}

/* A shared object is run by loading it: so the first time is not here but in a child. */
static bool can_load(const char *path, struct emu_error *error)
{
    int status = 0;
    pid_t pid;

    (void)fflush(NULL);
    pid = fork();
    if (pid == 0) {
        (void)dup2(STDERR_FILENO, STDOUT_FILENO);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)alarm(LOAD_SECONDS);
        _exit(load(path, error) != NULL ? LOAD_FINE : LOAD_REFUSED);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "cannot start a process: %s", strerror(errno));
        return false;
    }
    if (WIFSIGNALED(status)) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "%s: loading it ended with: %s", path,
                      WTERMSIG(status) == SIGALRM ? "it takes for ever"
                                                  : strsignal(WTERMSIG(status)));
        return false;
    }
    if (WEXITSTATUS(status) != LOAD_FINE && WEXITSTATUS(status) != LOAD_REFUSED) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "%s: loading it exits with status %d", path,
                      WEXITSTATUS(status));
        return false;
    }
    return true;
}

const struct toe_certify_plugin *cert_plugin_load(const char *path, struct emu_error *error)
{
    /* Without a slash it would be looked for where libraries are. */
    char local[4096];

    (void)snprintf(local, sizeof(local), "%s%s", strchr(path, '/') != NULL ? "" : "./", path);
    if (access(local, R_OK) != 0) {
        emu_error_set(error, EMU_EXIT_USAGE, "cannot read %s: %s", path, strerror(errno));
        return NULL;
    }
    return can_load(local, error) ? load(local, error) : NULL;
}
