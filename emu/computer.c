/* SPDX-License-Identifier: MIT */
#include "computer.h"

#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

void emu_computer_look(struct emu_computer *computer)
{
    char line[256];
    struct utsname system;
    FILE *file = fopen("/proc/cpuinfo", "r");

    *computer = (struct emu_computer){.processor = "unknown", .system = "unknown"};
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (sscanf(line, "model name : %127[^\n]", computer->processor) == 1) {
            break;
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    if (uname(&system) == 0) {
        (void)snprintf(computer->system, sizeof(computer->system), "%s %s, %s", system.sysname,
                       system.release, system.machine);
    }
    computer->processor_cnt = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
}
