/* SPDX-License-Identifier: MIT */
/*
 * Where targets under test come from: our own, or a shared object.
 */
#ifndef CERTIFY_PLUGIN_H
#define CERTIFY_PLUGIN_H

#include "error.h"
#include "toe/certify.h"

/* cert_plugin_builtin() is the library's own target. */
const struct toe_certify_plugin *cert_plugin_builtin(void);

/* cert_plugin_load() loads |path|; NULL, with |error| filled in, if that is not a plug-in. */
const struct toe_certify_plugin *cert_plugin_load(const char *path, struct emu_error *error);

#endif
