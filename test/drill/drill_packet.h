/* SPDX-License-Identifier: MIT */
#ifndef DRILL_PACKET_H
#define DRILL_PACKET_H

#include "drill_script.h"

/* drill_flag() is the flag that |letter| stands for, or zero. */
uint8_t drill_flag(char letter);

/* drill_option_len() is how many bytes the option has in a header, drill_options_len() all have. */
uint32_t drill_option_len(const struct drill_option *option);
uint32_t drill_options_len(const struct drill_packet *packet);

/*
 * drill_packet_differs() is the name of the first thing in which |got| is not as |want| says, or
 * NULL. What |want| does not speak of is not looked at.
 */
const char *drill_packet_differs(const struct drill_packet *want, const struct drill_packet *got);

/* drill_packet_format() writes a segment as a script has it, cut to |len| bytes with a NUL. */
void drill_packet_format(char *text, size_t len, const struct drill_packet *packet);

#endif
