#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The short form of nic_kill.
TOE_KILLS=5 exec "$BASH" "$(dirname "$0")/nic_kill"
