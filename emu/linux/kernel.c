/* SPDX-License-Identifier: MIT */
#include "linux/kernel.h"

#include <stdlib.h>

struct emu_kernel {
    struct emu_kernel_settings settings;
    struct emu_kernel_stats stats;
};

const char *emu_why_name(enum emu_why why)
{
    static const char *const names[EMU_WHY_CNT] = {
        [EMU_WHY_NONE] = "none",          [EMU_WHY_ASKED] = "asked",
        [EMU_WHY_TARGET] = "target",      [EMU_WHY_REFUSED] = "refused",
        [EMU_WHY_OPTIONS] = "options",    [EMU_WHY_UNKNOWN] = "unknown",
        [EMU_WHY_STATE] = "state",        [EMU_WHY_IN_FLIGHT] = "in flight",
        [EMU_WHY_URGENT] = "urgent data", [EMU_WHY_WINDOW] = "window closed",
        [EMU_WHY_ENDED] = "ended",        [EMU_WHY_MEMORY] = "memory",
    };

    return why < EMU_WHY_CNT ? names[why] : "?";
}

const char *emu_place_name(enum emu_place place)
{
    switch (place) {
    case EMU_PLACE_HOST:
        return "InHost";
    case EMU_PLACE_OFFLOADING:
        return "Offloading";
    case EMU_PLACE_OFFLOADED:
        return "Offloaded";
    case EMU_PLACE_UPLOADING:
        return "Uploading";
    }
    return "?";
}

static void frames_up(void *user, const struct toe_frame *frames, uint32_t cnt)
{
    const struct emu_kernel *kernel = user;

    kernel->settings.host->transmit(kernel->settings.host_user, frames, cnt);
}

struct emu_kernel *emu_kernel_new(const struct emu_kernel_settings *settings,
                                  struct emu_error *error)
{
    static const struct toe_host_ops ops = {.size = sizeof(ops), .frames = frames_up};
    struct emu_kernel *kernel = calloc(1, sizeof(*kernel));

    if (kernel == NULL) {
        emu_error_set(error, EMU_EXIT_ENVIRONMENT, "no memory for the kernel's connections");
        return NULL;
    }
    kernel->settings = *settings;
    settings->ops->attach(settings->target, &ops, kernel);
    return kernel;
}

void emu_kernel_del(struct emu_kernel *kernel)
{
    if (kernel != NULL) {
        kernel->settings.ops->attach(kernel->settings.target, NULL, NULL);
        free(kernel);
    }
}

void emu_kernel_from_host(struct emu_kernel *kernel, const struct toe_frame *frames, uint32_t cnt,
                          toe_instant now)
{
    (void)now;
    kernel->stats.host_frames += cnt;
    kernel->stats.host_ordinary += cnt;
    kernel->settings.ops->transmit(kernel->settings.target, frames, cnt);
}

toe_instant emu_kernel_run(struct emu_kernel *kernel, toe_instant now)
{
    (void)kernel;
    (void)now;
    return TOE_INSTANT_NEVER;
}

int emu_kernel_fd(const struct emu_kernel *kernel)
{
    (void)kernel;
    return -1;
}

bool emu_kernel_offload(struct emu_kernel *kernel, const struct emu_tuple *tuple, enum emu_why *why)
{
    (void)kernel;
    (void)tuple;
    if (why != NULL) {
        *why = EMU_WHY_UNKNOWN;
    }
    return false;
}

bool emu_kernel_upload(struct emu_kernel *kernel, const struct emu_tuple *tuple, enum emu_why *why)
{
    return emu_kernel_offload(kernel, tuple, why);
}

void emu_kernel_upload_all(struct emu_kernel *kernel)
{
    (void)kernel;
}

uint32_t emu_kernel_offloaded_cnt(const struct emu_kernel *kernel)
{
    return (uint32_t)kernel->stats.offloaded;
}

void emu_kernel_pause(struct emu_kernel *kernel)
{
    (void)kernel;
}

void emu_kernel_resume(struct emu_kernel *kernel)
{
    (void)kernel;
}

void emu_kernel_walk(struct emu_kernel *kernel,
                     bool (*visit)(void *user, const struct emu_kernel_conn *conn), void *user)
{
    (void)kernel;
    (void)visit;
    (void)user;
}

bool emu_kernel_find(const struct emu_kernel *kernel, const struct emu_tuple *tuple,
                     struct emu_kernel_conn *conn)
{
    (void)kernel;
    (void)tuple;
    (void)conn;
    return false;
}

void emu_kernel_stats_get(const struct emu_kernel *kernel, struct emu_kernel_stats *stats)
{
    *stats = kernel->stats;
}
