/* SPDX-License-Identifier: MIT */
#include "nic/requests.h"

#include <string.h>

#include "nic/counters.h"
#include "nic/describe.h"
#include "nic/nic_events.h"
#include "nic/nic.h"
#include "nic/selection.h"
#include "option.h"

/* The answer to one request while it is written. */
struct reply {
    struct emu_nic *nic;
    const json_t *request;
    FILE *out;
    const char *error;    /* NULL: none */
    struct emu_error why; /* where an error is written down, if need be */
    json_t *summary;
};

static void put(struct reply *reply, json_t *object)
{
    if (object != NULL) {
        (void)json_dumpf(object, reply->out, JSON_COMPACT);
        (void)fputc('\n', reply->out);
    }
    json_decref(object);
}

static void count(struct reply *reply, const char *name, uint64_t value)
{
    (void)json_object_set_new(reply->summary, name, json_integer((json_int_t)value));
}

/* --- show --- */

struct walk {
    struct reply *reply;
    struct emu_selection selection;
    toe_instant now;
    bool offload;
    uint64_t matched;
    uint64_t refused;
};

static bool put_connection(void *user, const struct emu_kernel_conn *conn)
{
    struct walk *walk = user;

    if (emu_selection_has(&walk->selection, &conn->tuple)) {
        put(walk->reply, emu_describe_connection(conn, walk->now));
        walk->matched++;
    }
    return true;
}

static void show_connections(struct reply *reply)
{
    struct walk walk = {.reply = reply, .now = emu_pump_now()};

    reply->error = emu_selection_parse(&walk.selection, reply->request);
    if (reply->error == NULL) {
        emu_kernel_walk(reply->nic->kernel, put_connection, &walk);
        count(reply, "connections", walk.matched);
    }
}

static void text_of_mac(char out[18], const uint8_t mac[TOE_MAC_LEN])
{
    (void)snprintf(out, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
                   mac[5]);
}

static void show_nic(struct reply *reply)
{
    const struct emu_nic *nic = reply->nic;
    const toe_duration age = emu_pump_now() - nic->began;
    char mac[18];

    text_of_mac(mac, nic->wire->mac);
    put(reply,
        json_pack("{ss ss ss ss si sb ss sf sb sb sI}", "type", "nic", "name", nic->host->name,
                  "wire", nic->wire->name, "mac", mac, "mtu", (int)nic->host->mtu, "carrier",
                  (int)nic->carrier, "policy", emu_policy_name(&nic->policy.rules), "rate",
                  nic->policy.rules.cnt == 0 ? 0.0 : nic->policy.rules.rules[0].rate, "paused",
                  (int)nic->paused, "early_ack", (int)nic->settings.early_ack, "uptime_ms",
                  (json_int_t)(age / TOE_NS_PER_MS)));
}

static void show_capabilities(struct reply *reply)
{
    struct toe_caps caps = {.size = sizeof(caps)};

    toe_target_ops()->caps_get(reply->nic->target, &caps);
    put(reply,
        json_pack("{ss sb sb sb sb sI sI sI sI sI si sb sb}", "type", "capabilities", "ipv4",
                  (int)caps.ipv4, "ipv6", (int)caps.ipv6, "sack", (int)caps.sack, "user_priority",
                  (int)caps.user_priority, "tcp_max", (json_int_t)caps.tcp_max, "path_max",
                  (json_int_t)caps.path_max, "neighbor_max", (json_int_t)caps.neighbor_max,
                  "mtu_max", (json_int_t)caps.mtu_max, "rcv_wnd_max", (json_int_t)caps.rcv_wnd_max,
                  "extension", (int)caps.extension, "ecn", (int)caps.ecn, "accecn",
                  (int)caps.accecn));
}

static void put_path(void *user, const struct emu_kernel_path *path)
{
    struct walk *walk = user;
    char local[46];
    char remote[46];
    char hop[46] = "";
    char src[18];
    char dst[18];

    emu_option_address_text(local, &path->local);
    emu_option_address_text(remote, &path->remote);
    if (path->next_hop.family != 0) {
        emu_option_address_text(hop, &path->next_hop);
    }
    text_of_mac(src, path->src_mac);
    text_of_mac(dst, path->dst_mac);
    put(walk->reply,
        json_pack("{ss ss ss sI sI sb ss ss ss ss si sb}", "type", "path", "local", local, "remote",
                  remote, "mtu", (json_int_t)path->mtu, "connections", (json_int_t)path->conn_cnt,
                  "offloaded", (int)path->is_offloaded, "lost",
                  path->lost != EMU_WHY_NONE ? emu_why_name(path->lost) : "", "next_hop", hop,
                  "neighbor", dst, "source", src, "vlan", path->vlan_id, "neighbor_offloaded",
                  (int)path->neighbor_is_offloaded));
    walk->matched++;
}

static void show_paths(struct reply *reply)
{
    struct walk walk = {.reply = reply};

    emu_kernel_walk_paths(reply->nic->kernel, put_path, &walk);
    count(reply, "paths", walk.matched);
}

/* What stands on what: the paths with their neighbors, and then the connections. */
static void show_tree(struct reply *reply)
{
    show_paths(reply);
    show_connections(reply);
}

static void show_policy(struct reply *reply)
{
    const struct emu_rules *rules = &reply->nic->policy.rules;

    for (uint32_t i = 0; i < rules->cnt; ++i) {
        put(reply, json_pack("{ss si ss}", "type", "rule", "number", (int)i + 1, "rule",
                             rules->rules[i].text));
    }
    (void)json_object_set_new(reply->summary, "policy", json_string(emu_policy_name(rules)));
    count(reply, "rules", rules->cnt);
}

static void show(struct reply *reply)
{
    static const struct {
        const char *what;
        void (*show)(struct reply *reply);
    } kinds[] = {
        {"nic", show_nic},
        {"capabilities", show_capabilities},
        {"connections", show_connections},
        {"paths", show_paths},
        {"tree", show_tree},
        {"policy", show_policy},
    };
    const json_t *what = json_object_get(reply->request, "what");
    const char *name = what == NULL ? "connections" : json_string_value(what);

    for (size_t i = 0; name != NULL && i < sizeof(kinds) / sizeof(kinds[0]); ++i) {
        if (strcmp(kinds[i].what, name) == 0) {
            kinds[i].show(reply);
            return;
        }
    }
    reply->error = "\"what\" is none of nic, capabilities, connections, paths, tree, policy";
}

/* --- moves --- */

static bool move_connection(void *user, const struct emu_kernel_conn *conn)
{
    struct walk *walk = user;
    struct emu_kernel *kernel = walk->reply->nic->kernel;
    enum emu_why why = EMU_WHY_NONE;
    json_t *object;
    bool ok;

    if (!emu_selection_has(&walk->selection, &conn->tuple)) {
        return true;
    }
    ok = walk->offload ? emu_kernel_offload(kernel, &conn->tuple, &why)
                       : emu_kernel_upload(kernel, &conn->tuple, &why);
    walk->matched++;
    walk->refused += ok ? 0 : 1;
    object = emu_describe_connection(conn, walk->now);
    if (object != NULL) {
        (void)json_object_set_new(object, "accepted", json_boolean(ok));
        (void)json_object_set_new(object, "why", json_string(emu_why_name(ok ? conn->why : why)));
    }
    put(walk->reply, object);
    return true;
}

/* To move everything takes a word: a mistyped selection must not. */
static void move(struct reply *reply, bool offload)
{
    struct walk walk = {.reply = reply, .now = emu_pump_now(), .offload = offload};

    reply->error = emu_selection_parse(&walk.selection, reply->request);
    if (reply->error == NULL && emu_selection_is_empty(&walk.selection) &&
        !json_is_true(json_object_get(reply->request, "all"))) {
        reply->error = "which connections? name some, or say \"all\": true";
    }
    if (reply->error != NULL) {
        return;
    }
    emu_kernel_walk(reply->nic->kernel, move_connection, &walk);
    emu_pump_wake(reply->nic->pump);
    count(reply, "connections", walk.matched);
    count(reply, "refused", walk.refused);
}

static void offload(struct reply *reply)
{
    move(reply, true);
}

static void upload(struct reply *reply)
{
    move(reply, false);
}

static void pause_offloads(struct reply *reply)
{
    reply->nic->paused = true;
    emu_kernel_pause(reply->nic->kernel);
}

static void resume_offloads(struct reply *reply)
{
    reply->nic->paused = false;
    emu_kernel_resume(reply->nic->kernel);
}

/* The rules that |list| has, as texts. */
static bool read_rules(struct reply *reply, struct emu_rules *rules, const json_t *list)
{
    size_t i;
    json_t *text;

    json_array_foreach((json_t *)(uintptr_t)list, i, text)
    {
        if (!json_is_string(text) || strlen(json_string_value(text)) != json_string_length(text)) {
            emu_error_set(&reply->why, EMU_EXIT_USAGE, "a rule is a text");
            return false;
        }
        if (!emu_rules_add(rules, json_string_value(text), &reply->why)) {
            return false;
        }
    }
    return true;
}

static void set_policy(struct reply *reply)
{
    struct emu_rules rules = {.cnt = 0};
    const json_t *list = json_object_get(reply->request, "rules");
    const char *name = json_string_value(json_object_get(reply->request, "policy"));
    const json_t *rate = json_object_get(reply->request, "rate");
    const double moves = rate == NULL ? EMU_RULE_RATE : json_number_value(rate);

    if ((name == NULL) == (list == NULL) || (list != NULL && !json_is_array(list))) {
        reply->error = "either \"policy\" is one of manual, all, random, or \"rules\" a list";
        return;
    }
    if (!(moves >= EMU_RULE_RATE_MIN && moves <= EMU_RULE_RATE_MAX)) {
        reply->error = "\"rate\" is a number of moves a second, 0.000001 to 100000";
        return;
    }
    if (!read_rules(reply, &rules, list) ||
        (name != NULL && !emu_policy_name_add(&rules, name, moves, &reply->why))) {
        emu_rules_clear(&rules);
        reply->error = reply->why.text;
        return;
    }
    emu_policy_set(&reply->nic->policy, &rules);
    emu_pump_wake(reply->nic->pump);
}

/* --- faults --- */

/* The member |name| of the request, 0 if it is not there; false if it is beyond |max|. */
static bool read_number(struct reply *reply, const char *name, uint64_t max, uint64_t *out)
{
    const json_t *value = json_object_get(reply->request, name);
    const json_int_t number = json_integer_value(value);

    *out = (uint64_t)number;
    return value == NULL || (json_is_integer(value) && number >= 0 && *out <= max);
}

static void set_faults(struct reply *reply)
{
    static const char *const chances[] = {"loss_ppm", "reorder_ppm", "duplicate_ppm", "corrupt_ppm",
                                          "mark_ppm"};
    struct emu_fault_settings faults = {.loss = 0};
    uint32_t *values[] = {&faults.loss, &faults.reorder, &faults.duplicate, &faults.corrupt,
                          &faults.mark};
    const json_t *direction = json_object_get(reply->request, "direction");
    const char *which = direction == NULL ? "both" : json_string_value(direction);
    uint64_t number;

    for (size_t i = 0; i < sizeof(chances) / sizeof(chances[0]); ++i) {
        if (!read_number(reply, chances[i], 1000000, &number)) {
            reply->error = "the chances are numbers from 0 to 1000000 in a million";
            return;
        }
        *values[i] = (uint32_t)number;
    }
    if (!read_number(reply, "delay_ns", 60 * TOE_NS_PER_SEC, &faults.delay) ||
        !read_number(reply, "jitter_ns", 60 * TOE_NS_PER_SEC, &faults.jitter)) {
        reply->error = "\"delay_ns\" and \"jitter_ns\" are numbers, of a minute at most";
        return;
    }
    if (which == NULL ||
        (strcmp(which, "both") != 0 && strcmp(which, "in") != 0 && strcmp(which, "out") != 0)) {
        reply->error = "\"direction\" is none of both, in, out";
        return;
    }
    emu_fault_set(reply->nic->wire, strcmp(which, "out") == 0 ? NULL : &faults,
                  strcmp(which, "in") == 0 ? NULL : &faults);
    emu_events_faults(reply->nic, reply->request);
}

static void stats(struct reply *reply)
{
    emu_counters_write(reply->nic, reply->out);
}

/* --- all of them --- */

static void dispatch(struct reply *reply)
{
    static const struct {
        const char *name;
        void (*run)(struct reply *reply);
    } commands[] = {
        {"show", show},         {"offload", offload},      {"upload", upload},
        {"stats", stats},       {"pause", pause_offloads}, {"resume", resume_offloads},
        {"policy", set_policy}, {"fault", set_faults},
    };
    const char *name = json_string_value(json_object_get(reply->request, "command"));

    if (reply->request == NULL) {
        reply->error = "a request is one line with a JSON object of at most 8192 bytes";
        return;
    }
    for (size_t i = 0; name != NULL && i < sizeof(commands) / sizeof(commands[0]); ++i) {
        if (strcmp(commands[i].name, name) == 0) {
            (void)json_object_set_new(reply->summary, "command", json_string(name));
            commands[i].run(reply);
            return;
        }
    }
    reply->error =
        "\"command\" is none of show, offload, upload, pause, resume, policy, fault, stats";
}

void emu_requests_answer(void *nic, const json_t *request, FILE *out)
{
    struct reply reply = {.nic = nic,
                          .request = request,
                          .out = out,
                          .summary = json_pack("{ss}", "type", "summary")};

    if (reply.summary == NULL) {
        return;
    }
    dispatch(&reply);
    (void)json_object_set_new(reply.summary, "ok", json_boolean(reply.error == NULL));
    if (reply.error != NULL) {
        (void)json_object_set_new(reply.summary, "error", json_string(reply.error));
    }
    put(&reply, reply.summary);
}
