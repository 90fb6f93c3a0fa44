#!/bin/bash
# What the official images have and their local stand-ins lack. Copied into a stand-in as both programs.
set -eu
case ${0##*/} in
  wget) # wget -q -O /dev/null http://HOST:PORT/PATH, as health checks call it
    url=${*: -1} && url=${url#http://} && address=${url%%/*}
    exec 3<>"/dev/tcp/${address%:*}/${address#*:}"
    printf 'GET /%s HTTP/1.0\r\nHost: %s\r\n\r\n' "${url#*/}" "$address" >&3
    read -r status <&3
    [[ $status == *" 200 "* ]]
    ;;
  entrypoint-with-files) # POSTGRES_PASSWORD_FILE
    if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
      POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
      export POSTGRES_PASSWORD
    fi
    exec docker-entrypoint.sh "$@"
    ;;
esac
