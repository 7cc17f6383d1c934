#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The short form of nic_programs.
TOE_SHORT=1 TOE_MOVES=100 exec "$BASH" "$(dirname "$0")/nic_programs"
