/* SPDX-License-Identifier: MIT */
#include "screen.h"

bool emu_screen_open(struct emu_error *error)
{
    emu_error_set(error, EMU_EXIT_ENVIRONMENT,
                  "toe was built without ncurses (Debian package: libncurses-dev); --once works");
    return false;
}

void emu_screen_close(void)
{
}

void emu_screen_size(int *lines, int *columns)
{
    *lines = 0;
    *columns = 0;
}

void emu_screen_draw(const char *text, int heading)
{
    (void)text;
    (void)heading;
}

bool emu_screen_wait(toe_duration time)
{
    (void)time;
    return false;
}
