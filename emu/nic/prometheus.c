/* SPDX-License-Identifier: MIT */
#include "nic/prometheus.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "nic/client.h"

/* What goes down as well as up; everything else only counts. */
static bool is_gauge(const char *name)
{
    static const char *const gauges[] = {"currently_established",
                                         "tcp_cnt",
                                         "path_cnt",
                                         "neighbor_cnt",
                                         "path_links",
                                         "neighbor_links",
                                         "bufs_indicated",
                                         "conns",
                                         "offloaded",
                                         "target_bytes",
                                         "kernel_bytes",
                                         "empty_bytes",
                                         "connection_bytes",
                                         "p50_ns",
                                         "p99_ns",
                                         "p100_ns"};

    for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); ++i) {
        if (strcmp(gauges[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* Names of interfaces may hold nearly anything. */
static void print_label(const char *name, const char *value)
{
    (void)printf("%s=\"", name);
    for (; *value != '\0'; ++value) {
        if (*value == '"' || *value == '\\') {
            (void)putchar('\\');
        }
        (void)putchar(*value);
    }
    (void)putchar('"');
}

static void print_labels(const struct emu_prometheus *prometheus, const json_t *object)
{
    const char *name;
    json_t *value;

    (void)putchar('{');
    print_label("nic", prometheus->nic);
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        if (json_is_string(value) && strcmp(name, "type") != 0 && strcmp(name, "group") != 0) {
            (void)putchar(',');
            print_label(name, json_string_value(value));
        }
    }
    (void)putchar('}');
}

/* Prints the metric |name| of |group|, of every object from |first| on that has it. */
static void print_metric(const struct emu_prometheus *prometheus, size_t first, const char *group,
                         const char *name)
{
    const bool gauge = is_gauge(name);
    const char *suffix = gauge ? "" : "_total";

    (void)printf("# TYPE toe_%s_%s%s %s\n", group, name, suffix, gauge ? "gauge" : "counter");
    for (size_t i = first; i < json_array_size(prometheus->collected); ++i) {
        const json_t *object = json_array_get(prometheus->collected, i);

        if (strcmp(emu_client_text(object, "group"), group) == 0) {
            (void)printf("toe_%s_%s%s", group, name, suffix);
            print_labels(prometheus, object);
            (void)printf(" %" JSON_INTEGER_FORMAT "\n", emu_client_number(object, name));
        }
    }
}

void emu_prometheus_collect(void *user, const json_t *object)
{
    struct emu_prometheus *prometheus = user;

    if (strcmp(emu_client_text(object, "type"), "counters") == 0) {
        (void)json_array_append(prometheus->collected, (json_t *)(uintptr_t)object);
    }
}

static bool is_first_of_group(const struct emu_prometheus *prometheus, size_t index)
{
    const char *group = emu_client_text(json_array_get(prometheus->collected, index), "group");

    for (size_t i = 0; i < index; ++i) {
        if (strcmp(emu_client_text(json_array_get(prometheus->collected, i), "group"), group) ==
            0) {
            return false;
        }
    }
    return true;
}

void emu_prometheus_print(const struct emu_prometheus *prometheus)
{
    for (size_t i = 0; i < json_array_size(prometheus->collected); ++i) {
        json_t *object = json_array_get(prometheus->collected, i);
        const char *name;
        json_t *value;

        if (!is_first_of_group(prometheus, i)) {
            continue;
        }
        json_object_foreach(object, name, value)
        {
            if (json_is_integer(value)) {
                print_metric(prometheus, i, emu_client_text(object, "group"), name);
            }
        }
    }
}
