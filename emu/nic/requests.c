/* SPDX-License-Identifier: MIT */
#include "nic/requests.h"

#include <stdlib.h>
#include <string.h>

#include "nic/counters.h"
#include "nic/describe.h"
#include "nic/nic_events.h"
#include "nic/nic.h"
#include "nic/selection.h"
#include "option.h"

/* Connections that one part of an answer tells of: the loop is held up for so long. */
enum { CONNS_AT_ONCE = 32 };

/* The answer to one request while it is written. */
struct reply {
    struct emu_nic *nic;
    json_t *request; /* NULL: it made no sense */
    FILE *out;       /* of the part that is being written; NULL: nobody wants to know */
    bool is_begun;
    const char *error;    /* NULL: none */
    struct emu_error why; /* where an error is written down, if need be */
    json_t *summary;
    uint64_t path_cnt;

    /* The connections it is about, as they were when it began, and what is told of each. */
    struct emu_selection selection;
    struct emu_kernel_conn *conns;
    size_t conn_cnt;
    size_t conn_max;
    size_t conn_next;
    toe_instant began;
    void (*each)(struct reply *reply, const struct emu_kernel_conn *conn);
    uint64_t refused;
};

static void put(struct reply *reply, json_t *object)
{
    if (object != NULL && reply->out != NULL) {
        (void)json_dumpf(object, reply->out, JSON_COMPACT);
        (void)fputc('\n', reply->out);
    }
    json_decref(object);
}

static void count(struct reply *reply, const char *name, uint64_t value)
{
    (void)json_object_set_new(reply->summary, name, json_integer((json_int_t)value));
}

/* --- connections --- */

static bool keep(void *user, const struct emu_kernel_conn *conn)
{
    struct reply *reply = user;

    if (emu_selection_has(&reply->selection, &conn->tuple)) {
        reply->conns[reply->conn_cnt++] = *conn;
    }
    return reply->conn_cnt < reply->conn_max;
}

/* Has |each| called for those that the request selects, part by part. */
static void tell_each(struct reply *reply,
                      void (*each)(struct reply *reply, const struct emu_kernel_conn *conn))
{
    struct emu_kernel_stats stats;

    emu_kernel_stats_get(reply->nic->kernel, &stats);
    reply->conns = calloc(stats.conns + 1, sizeof(*reply->conns));
    if (reply->conns == NULL) {
        reply->error = "not enough memory for the answer";
        return;
    }
    reply->conn_max = stats.conns;
    reply->began = emu_pump_now();
    reply->each = each;
    if (reply->conn_max > 0) {
        emu_kernel_walk(reply->nic->kernel, keep, reply);
    }
    count(reply, "connections", reply->conn_cnt);
}

/* Tells of the next |max| of them. */
static void tell_some(struct reply *reply, size_t max)
{
    while (max-- > 0 && reply->conn_next < reply->conn_cnt) {
        reply->each(reply, &reply->conns[reply->conn_next++]);
    }
}

/* --- show --- */

static void put_connection(struct reply *reply, const struct emu_kernel_conn *conn)
{
    put(reply, emu_describe_connection(conn, reply->began));
}

static void show_connections(struct reply *reply)
{
    reply->error = emu_selection_parse(&reply->selection, reply->request);
    if (reply->error == NULL) {
        tell_each(reply, put_connection);
    }
}

/* How many are where. */
struct totals {
    const struct emu_selection *selection;
    uint64_t places[EMU_PLACE_UPLOADING + 1];
};

static bool add_to_totals(void *user, const struct emu_kernel_conn *conn)
{
    struct totals *totals = user;

    if (emu_selection_has(totals->selection, &conn->tuple)) {
        ++totals->places[conn->place];
    }
    return true;
}

static void show_totals(struct reply *reply)
{
    struct totals totals = {.selection = &reply->selection};
    struct emu_nic_memory memory;
    json_t *object = json_pack("{ss}", "type", "totals");

    reply->error = emu_selection_parse(&reply->selection, reply->request);
    if (reply->error != NULL || object == NULL) {
        json_decref(object);
        return;
    }
    emu_kernel_walk(reply->nic->kernel, add_to_totals, &totals);
    for (int place = 0; place <= EMU_PLACE_UPLOADING; ++place) {
        (void)json_object_set_new(object, emu_place_name((enum emu_place)place),
                                  json_integer((json_int_t)totals.places[place]));
    }
    emu_nic_memory_get(reply->nic, &memory);
    (void)json_object_set_new(object, "memory",
                              json_integer((json_int_t)(memory.target + memory.kernel)));
    (void)json_object_set_new(object, "memory_per_connection",
                              json_integer((json_int_t)memory.connection));
    put(reply, object);
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
    struct reply *reply = user;
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
    put(reply, json_pack("{ss ss ss sI sI sb ss ss ss ss si sb}", "type", "path", "local", local,
                         "remote", remote, "mtu", (json_int_t)path->mtu, "connections",
                         (json_int_t)path->conn_cnt, "offloaded", (int)path->is_offloaded, "lost",
                         path->lost != EMU_WHY_NONE ? emu_why_name(path->lost) : "", "next_hop",
                         hop, "neighbor", dst, "source", src, "vlan", path->vlan_id,
                         "neighbor_offloaded", (int)path->neighbor_is_offloaded));
    ++reply->path_cnt;
}

static void show_paths(struct reply *reply)
{
    emu_kernel_walk_paths(reply->nic->kernel, put_path, reply);
    count(reply, "paths", reply->path_cnt);
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
        {"totals", show_totals},
    };
    const json_t *what = json_object_get(reply->request, "what");
    const char *name = what == NULL ? "connections" : json_string_value(what);

    for (size_t i = 0; name != NULL && i < sizeof(kinds) / sizeof(kinds[0]); ++i) {
        if (strcmp(kinds[i].what, name) == 0) {
            kinds[i].show(reply);
            return;
        }
    }
    reply->error = "\"what\" is none of nic, capabilities, connections, paths, tree, policy, "
                   "totals";
}

/* --- moves --- */

static void move_one(struct reply *reply, const struct emu_kernel_conn *conn, bool offload)
{
    struct emu_kernel *kernel = reply->nic->kernel;
    enum emu_why why = EMU_WHY_NONE;
    const bool ok = offload ? emu_kernel_offload(kernel, &conn->tuple, &why)
                            : emu_kernel_upload(kernel, &conn->tuple, &why);
    json_t *object = emu_describe_connection(conn, reply->began);

    reply->refused += ok ? 0 : 1;
    if (object != NULL) {
        (void)json_object_set_new(object, "accepted", json_boolean(ok));
        (void)json_object_set_new(object, "why", json_string(emu_why_name(ok ? conn->why : why)));
    }
    put(reply, object);
    emu_pump_wake(reply->nic->pump);
}

static void offload_one(struct reply *reply, const struct emu_kernel_conn *conn)
{
    move_one(reply, conn, true);
}

static void upload_one(struct reply *reply, const struct emu_kernel_conn *conn)
{
    move_one(reply, conn, false);
}

/* To move everything takes a word: a mistyped selection must not. */
static void move(struct reply *reply,
                 void (*each)(struct reply *reply, const struct emu_kernel_conn *conn))
{
    reply->error = emu_selection_parse(&reply->selection, reply->request);
    if (reply->error == NULL && emu_selection_is_empty(&reply->selection) &&
        !json_is_true(json_object_get(reply->request, "all"))) {
        reply->error = "which connections? name some, or say \"all\": true";
    }
    if (reply->error == NULL) {
        tell_each(reply, each);
    }
}

static void offload(struct reply *reply)
{
    move(reply, offload_one);
}

static void upload(struct reply *reply)
{
    move(reply, upload_one);
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

static void conclude(struct reply *reply)
{
    if (reply->each == offload_one || reply->each == upload_one) {
        count(reply, "refused", reply->refused);
    }
    (void)json_object_set_new(reply->summary, "ok", json_boolean(reply->error == NULL));
    if (reply->error != NULL) {
        (void)json_object_set_new(reply->summary, "error", json_string(reply->error));
    }
    put(reply, reply->summary);
    reply->summary = NULL;
}

void *emu_requests_begin(void *nic, json_t *request)
{
    struct reply *reply = calloc(1, sizeof(*reply));
    json_t *summary = json_pack("{ss}", "type", "summary");

    if (reply == NULL || summary == NULL) {
        free(reply);
        json_decref(summary);
        return NULL;
    }
    reply->nic = nic;
    reply->request = json_incref(request);
    reply->summary = summary;
    return reply;
}

bool emu_requests_write(void *answer, FILE *out)
{
    struct reply *reply = answer;

    reply->out = out;
    if (!reply->is_begun) {
        reply->is_begun = true;
        dispatch(reply);
    }
    tell_some(reply, CONNS_AT_ONCE);
    if (reply->conn_next < reply->conn_cnt) {
        return true;
    }
    conclude(reply);
    return false;
}

void emu_requests_end(void *answer)
{
    struct reply *reply = answer;

    reply->out = NULL;
    if (reply->each == offload_one || reply->each == upload_one) {
        tell_some(reply, SIZE_MAX);
    }
    json_decref(reply->request);
    json_decref(reply->summary);
    free(reply->conns);
    free(reply);
}
