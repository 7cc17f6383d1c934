#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# nic_many with fewer connections than by hand.
TOE_CONNS=256 exec "$BASH" "$(dirname "$0")/nic_many"
