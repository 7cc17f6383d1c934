/* SPDX-License-Identifier: MIT */
#include "nic/arp_ignore.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int emu_arp_ignore_set(const char *interface, int value)
{
    char path[96];
    char text[16] = "";
    int before = -1;
    int fd;

    (void)snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/arp_ignore", interface);
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    if (read(fd, text, sizeof(text) - 1) > 0) {
        before = atoi(text);
    }
    if (before >= 0 && before != value) {
        const int len = snprintf(text, sizeof(text), "%d\n", value);

        before = pwrite(fd, text, (size_t)len, 0) == len ? before : -1;
    } else {
        before = -1;
    }
    (void)close(fd);
    return before;
}
