#!/bin/sh
# Starts the runtime as the unprivileged user of the tests. Playwright puts switches of its own first,
# so that this cannot be a mere prefix of the arguments.
exec setpriv --reuid "$VIGIA_TEST_UID" --regid "$VIGIA_TEST_UID" --clear-groups "$VIGIA_ELECTRON" "$@"
