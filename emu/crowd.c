/* SPDX-License-Identifier: MIT */
#include "crowd.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void emu_crowd_open(struct emu_crowd *crowd)
{
    const long cnt = sysconf(_SC_NPROCESSORS_ONLN);

    crowd->fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
    crowd->processors = cnt > 0 ? (unsigned int)cnt : 1;
}

void emu_crowd_close(struct emu_crowd *crowd)
{
    if (crowd->fd >= 0) {
        (void)close(crowd->fd);
    }
}

/* Three averages, then "RUNNING/ALL". */
unsigned int emu_crowd_parse(const char *text)
{
    for (int i = 0; i < 3; ++i) {
        text = strchr(text, ' ');
        if (text == NULL) {
            return 0;
        }
        ++text;
    }
    return (unsigned int)strtoul(text, NULL, 10);
}

bool emu_crowd_is_there(const struct emu_crowd *crowd)
{
    char text[64];
    const ssize_t len = crowd->fd < 0 ? -1 : pread(crowd->fd, text, sizeof(text) - 1, 0);

    if (len <= 0) {
        return false;
    }
    text[len] = '\0';
    return emu_crowd_parse(text) > crowd->processors;
}
