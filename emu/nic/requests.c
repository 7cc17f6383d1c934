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

/* Connections that one part of an answer tells of: a lane is held up for so long. */
enum { CONNS_AT_ONCE = 32 };

/* A connection that an answer is about, as it was when that began. */
struct entry {
    struct emu_kernel_conn conn;
    struct emu_lane *lane;
    bool is_moved;    /* as was asked for, or will be; */
    enum emu_why why; /* why not */
};

/* The answer to one request while it is written. */
struct reply {
    struct emu_nic *nic;
    json_t *request; /* NULL: it made no sense */
    FILE *out;       /* of the part that is being written; NULL: nobody wants to know */
    bool is_begun;
    const char *error;    /* NULL: none */
    struct emu_error why; /* where an error is written down, if need be */
    json_t *summary;

    /* The connections it is about, and what is done with each before it is told of. */
    struct emu_selection selection;
    struct entry *entries;
    size_t entry_cnt;
    size_t entry_max;
    size_t entry_next;
    toe_instant began;
    bool (*move)(struct emu_kernel *kernel, const struct emu_tuple *tuple, enum emu_why *why);
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

/* What one lane is to do for a reply. */
struct errand {
    struct reply *reply;
    struct emu_lane *lane;
};

static bool keep(void *user, const struct emu_kernel_conn *conn)
{
    const struct errand *errand = user;
    struct reply *reply = errand->reply;

    if (emu_selection_has(&reply->selection, &conn->tuple)) {
        reply->entries[reply->entry_cnt++] = (struct entry){.conn = *conn, .lane = errand->lane};
    }
    return reply->entry_cnt < reply->entry_max;
}

static void keep_all(struct emu_lane *lane, void *user)
{
    struct errand errand = {.reply = user, .lane = lane};
    struct reply *reply = user;
    struct emu_kernel_stats stats;
    struct entry *entries;

    emu_kernel_stats_get(lane->kernel, &stats);
    reply->entry_max = reply->entry_cnt + stats.conns;
    entries = realloc(reply->entries, (reply->entry_max + 1) * sizeof(*entries));
    if (entries == NULL) {
        reply->error = "not enough memory for the answer";
        return;
    }
    reply->entries = entries;
    if (stats.conns > 0) {
        emu_kernel_walk(lane->kernel, keep, &errand);
    }
}

/* Has those told of, part by part, that the request selects, and moved by |move|, if any. */
static void tell_each(struct reply *reply,
                      bool (*move)(struct emu_kernel *kernel, const struct emu_tuple *tuple,
                                   enum emu_why *why))
{
    reply->began = emu_pump_now();
    emu_nic_each(reply->nic, keep_all, reply);
    if (reply->error != NULL) {
        reply->entry_cnt = 0;
        return;
    }
    reply->move = move;
    count(reply, "connections", reply->entry_cnt);
}

/* A part of the entries, of which a lane moves its own. */
struct part {
    struct reply *reply;
    size_t end;
};

static void move_own(struct emu_lane *lane, void *user)
{
    const struct part *part = user;
    struct reply *reply = part->reply;

    for (size_t i = reply->entry_next; i < part->end; ++i) {
        struct entry *entry = &reply->entries[i];

        if (entry->lane == lane) {
            entry->is_moved = reply->move(lane->kernel, &entry->conn.tuple, &entry->why);
        }
    }
    emu_pump_wake(lane->pump);
}

static void tell_entry(struct reply *reply, const struct entry *entry)
{
    json_t *object = emu_describe_connection(&entry->conn, reply->began);

    if (object != NULL && reply->move != NULL) {
        const enum emu_why why = entry->is_moved ? entry->conn.why : entry->why;

        (void)json_object_set_new(object, "accepted", json_boolean(entry->is_moved));
        (void)json_object_set_new(object, "why", json_string(emu_why_name(why)));
        reply->refused += entry->is_moved ? 0 : 1;
    }
    put(reply, object);
}

/* Moves the next |max| of them, if that is wanted, and tells of them. */
static void tell_some(struct reply *reply, size_t max)
{
    const size_t left = reply->entry_cnt - reply->entry_next;
    struct part part = {reply, reply->entry_next + (left < max ? left : max)};

    if (reply->move != NULL && part.end != reply->entry_next) {
        emu_nic_each(reply->nic, move_own, &part);
    }
    while (reply->entry_next < part.end) {
        tell_entry(reply, &reply->entries[reply->entry_next++]);
    }
}

/* --- show --- */

static void show_connections(struct reply *reply)
{
    reply->error = emu_selection_parse(&reply->selection, reply->request);
    if (reply->error == NULL) {
        tell_each(reply, NULL);
    }
}

/* How many are where, and what they have. */
struct totals {
    const struct emu_selection *selection;
    uint64_t places[EMU_PLACE_UPLOADING + 1];
    struct emu_lane_memory memory;
};

static bool add_to_totals(void *user, const struct emu_kernel_conn *conn)
{
    struct totals *totals = user;

    if (emu_selection_has(totals->selection, &conn->tuple)) {
        ++totals->places[conn->place];
    }
    return true;
}

static void add_lane(struct emu_lane *lane, void *user)
{
    struct totals *totals = user;

    emu_kernel_walk(lane->kernel, add_to_totals, totals);
    emu_lane_memory_add(lane, &totals->memory);
}

static void show_totals(struct reply *reply)
{
    struct totals totals = {.selection = &reply->selection};
    json_t *object = json_pack("{ss}", "type", "totals");

    reply->error = emu_selection_parse(&reply->selection, reply->request);
    if (reply->error != NULL || object == NULL) {
        json_decref(object);
        return;
    }
    emu_nic_each(reply->nic, add_lane, &totals);
    for (int place = 0; place <= EMU_PLACE_UPLOADING; ++place) {
        (void)json_object_set_new(object, emu_place_name((enum emu_place)place),
                                  json_integer((json_int_t)totals.places[place]));
    }
    (void)json_object_set_new(
        object, "memory", json_integer((json_int_t)(totals.memory.target + totals.memory.kernel)));
    (void)json_object_set_new(object, "memory_per_connection",
                              json_integer((json_int_t)emu_lane_memory_each(&totals.memory)));
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
    const struct emu_lane *lane = &nic->lanes[0];
    const struct emu_rules *rules = &lane->policy.rules; /* as all have */
    const toe_duration age = emu_pump_now() - nic->began;
    char mac[18];

    text_of_mac(mac, lane->wire->mac);
    put(reply,
        json_pack("{ss ss ss ss* ss si si sb ss sf sb sb sI}", "type", "nic", "name",
                  lane->host->name, "wire", lane->wire->name, "wire_mode", lane->wire->mode, "mac",
                  mac, "mtu", (int)lane->host->mtu, "queues", (int)reply->nic->lane_cnt, "carrier",
                  (int)atomic_load(&lane->carrier), "policy", emu_policy_name(rules), "rate",
                  rules->cnt == 0 ? 0.0 : rules->rules[0].rate, "paused", (int)nic->paused,
                  "early_ack", (int)nic->settings.early_ack, "uptime_ms",
                  (json_int_t)(age / TOE_NS_PER_MS)));
}

/* Room for connections is that of all lanes; what else there is is the same in each. */
static void add_caps(struct emu_lane *lane, void *user)
{
    struct toe_caps *sum = user;
    const uint32_t tcp_max = sum->tcp_max;

    toe_target_ops()->caps_get(lane->target, sum);
    sum->tcp_max += tcp_max;
}

static void show_capabilities(struct reply *reply)
{
    struct toe_caps caps = {.size = sizeof(caps)};

    emu_nic_each(reply->nic, add_caps, &caps);
    put(reply,
        json_pack("{ss sb sb sb sb sI sI sI sI sI si sb sb}", "type", "capabilities", "ipv4",
                  (int)caps.ipv4, "ipv6", (int)caps.ipv6, "sack", (int)caps.sack, "user_priority",
                  (int)caps.user_priority, "tcp_max", (json_int_t)caps.tcp_max, "path_max",
                  (json_int_t)caps.path_max, "neighbor_max", (json_int_t)caps.neighbor_max,
                  "mtu_max", (json_int_t)caps.mtu_max, "rcv_wnd_max", (json_int_t)caps.rcv_wnd_max,
                  "extension", (int)caps.extension, "ecn", (int)caps.ecn, "accecn",
                  (int)caps.accecn));
}

static void put_path(struct reply *reply, const struct emu_kernel_path *path)
{
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
}

/* The paths of all lanes. */
struct paths {
    struct emu_kernel_path *paths;
    size_t cnt;
    size_t max;
};

static void keep_path(void *user, const struct emu_kernel_path *path)
{
    struct paths *all = user;

    if (all->cnt == all->max) {
        const size_t max = all->max == 0 ? 64 : 2 * all->max;
        struct emu_kernel_path *paths = realloc(all->paths, max * sizeof(*paths));

        if (paths == NULL) {
            return;
        }
        all->paths = paths;
        all->max = max;
    }
    all->paths[all->cnt++] = *path;
}

static void keep_paths(struct emu_lane *lane, void *user)
{
    emu_kernel_walk_paths(lane->kernel, keep_path, user);
}

static int compare_paths(const void *a, const void *b)
{
    const struct emu_kernel_path *x = a;
    const struct emu_kernel_path *y = b;
    int order = memcmp(&x->local, &y->local, sizeof(x->local));

    order = order != 0 ? order : memcmp(&x->remote, &y->remote, sizeof(x->remote));
    order = order != 0 ? order : memcmp(&x->next_hop, &y->next_hop, sizeof(x->next_hop));
    order = order != 0 ? order : memcmp(x->dst_mac, y->dst_mac, TOE_MAC_LEN);
    order = order != 0 ? order : memcmp(x->src_mac, y->src_mac, TOE_MAC_LEN);
    order = order != 0 ? order : (x->vlan_id > y->vlan_id) - (x->vlan_id < y->vlan_id);
    return order != 0 ? order : (x->lost > y->lost) - (x->lost < y->lost);
}

/* Several lanes may have connections on what is one path for the kernel. */
static void merge_path(struct emu_kernel_path *into, const struct emu_kernel_path *path)
{
    into->mtu = path->mtu < into->mtu ? path->mtu : into->mtu;
    into->conn_cnt += path->conn_cnt;
    into->is_offloaded = into->is_offloaded || path->is_offloaded;
    into->neighbor_is_offloaded = into->neighbor_is_offloaded || path->neighbor_is_offloaded;
}

static void show_paths(struct reply *reply)
{
    struct paths all = {.cnt = 0};
    size_t cnt = 0;

    emu_nic_each(reply->nic, keep_paths, &all);
    if (all.cnt > 1) {
        qsort(all.paths, all.cnt, sizeof(*all.paths), compare_paths);
    }
    for (size_t i = 0, next; i < all.cnt; i = next) {
        for (next = i + 1; next < all.cnt && compare_paths(&all.paths[i], &all.paths[next]) == 0;
             ++next) {
            merge_path(&all.paths[i], &all.paths[next]);
        }
        put_path(reply, &all.paths[i]);
        ++cnt;
    }
    free(all.paths);
    count(reply, "paths", cnt);
}

/* What stands on what: the paths with their neighbors, and then the connections. */
static void show_tree(struct reply *reply)
{
    show_paths(reply);
    show_connections(reply);
}

static void show_policy(struct reply *reply)
{
    const struct emu_rules *rules = &reply->nic->lanes[0].policy.rules; /* as all have */

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

/* To move everything takes a word: a mistyped selection must not. */
static void move(struct reply *reply,
                 bool (*move_one)(struct emu_kernel *kernel, const struct emu_tuple *tuple,
                                  enum emu_why *why))
{
    reply->error = emu_selection_parse(&reply->selection, reply->request);
    if (reply->error == NULL && emu_selection_is_empty(&reply->selection) &&
        !json_is_true(json_object_get(reply->request, "all"))) {
        reply->error = "which connections? name some, or say \"all\": true";
    }
    if (reply->error == NULL) {
        tell_each(reply, move_one);
    }
}

static void offload(struct reply *reply)
{
    move(reply, emu_kernel_offload);
}

static void upload(struct reply *reply)
{
    move(reply, emu_kernel_upload);
}

static void pause_lane(struct emu_lane *lane, void *user)
{
    (void)user;
    emu_kernel_pause(lane->kernel);
}

static void pause_offloads(struct reply *reply)
{
    reply->nic->paused = true;
    emu_nic_each(reply->nic, pause_lane, NULL);
}

static void resume_lane(struct emu_lane *lane, void *user)
{
    (void)user;
    emu_kernel_resume(lane->kernel);
}

static void resume_offloads(struct reply *reply)
{
    reply->nic->paused = false;
    emu_nic_each(reply->nic, resume_lane, NULL);
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

/* The rules for all lanes, and what became of them. */
struct new_rules {
    const struct emu_rules *rules;
    struct reply *reply;
};

static void set_rules(struct emu_lane *lane, void *user)
{
    const struct new_rules *new = user;
    struct emu_rules rules = {.cnt = 0};

    if (!emu_rules_copy(&rules, new->rules, &new->reply->why)) {
        new->reply->error = new->reply->why.text;
        return;
    }
    emu_policy_set(&lane->policy, &rules);
    emu_pump_wake(lane->pump);
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
        reply->error = reply->why.text;
    } else {
        emu_nic_each(reply->nic, set_rules, &(struct new_rules){&rules, reply});
    }
    emu_rules_clear(&rules);
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

/* Of each direction; NULL: none. */
struct faults {
    const struct emu_fault_settings *in;
    const struct emu_fault_settings *out;
};

static void spoil(struct emu_lane *lane, void *user)
{
    const struct faults *faults = user;

    emu_fault_set(lane->wire, faults->in, faults->out);
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
    emu_nic_each(reply->nic, spoil,
                 &(struct faults){.in = strcmp(which, "out") == 0 ? NULL : &faults,
                                  .out = strcmp(which, "in") == 0 ? NULL : &faults});
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
    if (reply->move != NULL) {
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
    if (reply->entry_next < reply->entry_cnt) {
        return true;
    }
    conclude(reply);
    return false;
}

void emu_requests_end(void *answer)
{
    struct reply *reply = answer;

    reply->out = NULL;
    if (reply->move != NULL) {
        tell_some(reply, SIZE_MAX);
    }
    json_decref(reply->request);
    json_decref(reply->summary);
    free(reply->entries);
    free(reply);
}
