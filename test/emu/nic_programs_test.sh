#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The short form of nic_programs: some hundred moves in all.
TOE_SHORT=1 TOE_MOVES=30 exec "$BASH" "$(dirname "$0")/nic_programs"
