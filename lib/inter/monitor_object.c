/* SPDX-License-Identifier: MIT */
#include "inter/monitor.h"

uint64_t monitor_hash(uint64_t key)
{
    key *= UINT64_C(0x9e3779b97f4a7c15);
    return key ^ key >> 29;
}

struct monitor_object *monitor_object_new(struct toe_inter_monitor *m, void *name,
                                          enum toe_layer layer)
{
    struct monitor_object *object = base_slab_alloc(&m->objects);

    if (object == NULL) {
        m->is_blind = true;
        return NULL;
    }
    object->name = name;
    object->layer = layer;
    object->stage = MONITOR_OFFERED;
    base_list_init(&object->tcp.sends);
    base_list_init(&object->tcp.receives);
    base_list_init(&object->tcp.disconnects);
    base_list_init(&object->tcp.forwards);
    base_hash_insert(&m->by_name, &object->by_name, monitor_hash((uintptr_t)name));
    base_list_push_back(&m->all, &object->node);
    return object;
}

void monitor_object_link(struct monitor_object *object, struct monitor_object *parent)
{
    if (object->parent != NULL) {
        --object->parent->dependent_cnt;
    }
    object->parent = parent;
    if (parent != NULL) {
        ++parent->dependent_cnt;
    }
}

void monitor_object_bind(struct toe_inter_monitor *m, struct monitor_object *object,
                         toe_handle handle, struct monitor_object *parent)
{
    object->handle = handle;
    base_hash_insert(&m->by_handle, &object->by_handle, monitor_hash(handle));
    monitor_object_link(object, parent);
    object->stage = MONITOR_SETTLING;
    base_list_push_back(&m->settling, &object->settle);
}

static void orphan_dependents(struct toe_inter_monitor *m, const struct monitor_object *object)
{
    if (object->dependent_cnt == 0) {
        return;
    }
    base_list_foreach(n, &m->all)
    {
        struct monitor_object *other = base_container_of(n, struct monitor_object, node);

        if (other->parent == object) {
            monitor_object_link(other, NULL);
        }
    }
}

void monitor_object_del(struct toe_inter_monitor *m, struct monitor_object *object)
{
    orphan_dependents(m, object);
    monitor_object_link(object, NULL);
    monitor_ends_drop(m, object);
    if (object->handle != 0) {
        base_hash_remove(&m->by_handle, &object->by_handle);
    }
    base_hash_remove(&m->by_name, &object->by_name);
    base_list_remove(&object->settle);
    base_list_remove(&object->node);
    monitor_recent_put(m->recent_names, &m->recent_name, object->name);
    base_slab_free(&m->objects, object);
}

struct monitor_object *monitor_object_find(const struct toe_inter_monitor *m, toe_handle handle,
                                           enum toe_layer layer)
{
    struct base_hash_node *n = base_hash_first(&m->by_handle, monitor_hash(handle));

    for (; n != NULL; n = base_hash_next(n)) {
        struct monitor_object *object = base_container_of(n, struct monitor_object, by_handle);

        if (object->handle == handle && object->layer == layer) {
            return object;
        }
    }
    return NULL;
}

struct monitor_object *monitor_object_named(const struct toe_inter_monitor *m, const void *name,
                                            enum toe_layer layer)
{
    struct base_hash_node *n = base_hash_first(&m->by_name, monitor_hash((uintptr_t)name));

    for (; n != NULL; n = base_hash_next(n)) {
        struct monitor_object *object = base_container_of(n, struct monitor_object, by_name);

        if (object->name == name && object->layer == layer) {
            return object;
        }
    }
    return NULL;
}
