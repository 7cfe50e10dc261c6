#!/bin/sh
# Founds the node on its first start, from the environment, then does what it is told.
set -eu
DIR=/var/lib/antiphon/node
if [ "${1:-serve}" = serve ] && [ ! -e "$DIR/node.toml" ]; then
    antiphon init --non-interactive --dir "$DIR" \
        --name "${ANTIPHON_NAME:?the name of the node}" \
        --domain "${ANTIPHON_DOMAIN:?HOST or HOST:PORT as others reach it}" \
        --territory "${ANTIPHON_TERRITORY:?ISO 3166, as FR-ARA}" \
        --currency "${ANTIPHON_CURRENCY:-EUR}" \
        --language "${ANTIPHON_LANGUAGE:-fr}" \
        --coordinator "${ANTIPHON_COORDINATOR:?self, or the address of the coordinator}" \
        --listen "${ANTIPHON_LISTEN:-0.0.0.0:8420}" \
        ${ANTIPHON_DATABASE:+--database "$ANTIPHON_DATABASE"} \
        ${ANTIPHON_DEV:+--dev}
fi
exec antiphon "$@" --dir "$DIR"
