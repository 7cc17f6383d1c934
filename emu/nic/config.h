/* SPDX-License-Identifier: MIT */
/*
 * Configuration files: the options of a command, one a line.
 *
 *     # the NIC of this machine
 *     name = toe0
 *     policy = random
 *     persist
 *
 * What stands there comes before what stands on the command line, which therefore wins.
 */
#ifndef EMU_NIC_CONFIG_H
#define EMU_NIC_CONFIG_H

#include <stdbool.h>

#include "error.h"

/*
 * emu_config_read() makes an argument vector, ended by NULL, of argv[0], the options in the file
 * |path|, and the rest of |argv|. It lives until emu_config_free(). NULL with |error| if the file
 * cannot be read, or a line is no option.
 */
char **emu_config_read(const char *path, int argc, char **argv, int *out_argc,
                       struct emu_error *error);

void emu_config_free(char **argv);

#endif
