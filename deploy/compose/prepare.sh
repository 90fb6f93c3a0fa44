#!/bin/sh
# Makes what is missing of the secrets and gives every container its own, as files that it alone may read. Safe to repeat.
#   docker compose run --rm prepare                             make and give
#   docker compose run --rm prepare keys --rotate intake        as `yingda deploy secrets`, then give
#   docker compose run --rm prepare show grafana/admin.password    print one, or several; `list` names them
#   docker compose run --rm -T prepare put notify/yingda_smtp_password <FILE    take one of your own, for one or several, then give
# A secret is named by the container that gets it and the file that it is there; keys/nats/adapter_web.nk and others are
# for those who come from outside.
set -eu
umask 077
keys=/secrets/keys
own=/secrets/for
services="intake routing sla notify feedback"
adapters="asterisk gateway imap lmtp"

fail() {
  echo "prepare: $1" >&2
  exit 1
}

place() { # place NAME: sets $file to where the secret NAME is kept
  case $1 in
    /* | *..* | */ | *//*) fail "$1 is no name of a secret" ;;
    keys/?*) file=/secrets/$1 ;;
    ?*/?*)
      [ -d "/for/${1%%/*}" ] || fail "no container ${1%%/*} gets secrets"
      file=$own/$1
      ;;
    *) fail "$1 is no name of a secret: it is of the form CONTAINER/FILE" ;;
  esac
}

take() { # take FILE NAME...: what FILE holds is the secret of each NAME
  from=$1
  shift
  for name; do
    place "$name"
    mkdir -p "${file%/*}"
    cmp -s "$from" "$file" || { cp "$from" "$file.new" && mv -f "$file.new" "$file"; }
  done
}

invent() { # invent NAME...: one new secret for all of them, where the first has none
  place "$1"
  kept=$file
  mkdir -p "${kept%/*}"
  if [ ! -s "$kept" ]; then
    python -I -c 'import secrets; print(secrets.token_urlsafe(32))' >"$kept.new"
    mv "$kept.new" "$kept"
    echo "$1 made"
  fi
  shift
  take "$kept" "$@"
}

give() { # give CONTAINER USER: it has then what is kept for it, and nothing else
  mkdir -p "$own/$1" "/for/$1"
  chmod 755 "/for/$1"
  (cd "/for/$1" && find . -type f) | while read -r path; do
    [ -e "$own/$1/$path" ] || rm -f "/for/$1/$path"
  done
  (cd "$own/$1" && find . -type f) | while read -r path; do
    target=/for/$1/$path
    mkdir -p "${target%/*}"
    chmod 755 "${target%/*}"
    cp "$own/$1/$path" "$target.new"
    chmod 400 "$target.new"
    chown "$2" "$target.new"
    mv -f "$target.new" "$target"
  done
}

make_all() {
  yingda deploy secrets $keys "$@"
  take $keys/nats/users.conf nats/users.conf
  for conf in /etc/yingda/nats/*.conf; do take "$conf" "nats/${conf##*/}"; done
  if [ -n "${YINGDA_POLICY:-}" ]; then # adapters may publish to the channels that it gives them
    yingda deploy permissions >/tmp/permissions.conf
    take /tmp/permissions.conf nats/permissions.conf
  fi
  for adapter in $adapters; do take "$keys/nats/$adapter.nk" "$adapter/$adapter.nk"; done
  for service in $services; do
    take "$keys/nats/$service.nk" "$service/$service.nk"
    take "$keys/postgres/$service.password" "$service/yingda_database_password" "operations/$service.password"
  done
  take $keys/nats/operations.nk operations/operations.nk
  invent postgres/superuser.password
  invent postgres/administrator.password operations/yingda_database_password
  invent feedback/yingda_survey_key notify/yingda_survey_key
  invent grafana/admin.password
  invent alertmanager/alert-smtp-password
}

give_all() {
  for container in nats operations $services $adapters; do give "$container" 10001:10001; done
  give postgres 999:999
  give grafana 472:0
  give alertmanager 65534:65534
  chown 10001:10001 /volumes/nats
}

case ${1:-} in
  "") make_all ;;
  keys)
    shift
    make_all "$@"
    ;;
  put)
    shift
    cat >/tmp/given
    [ -s /tmp/given ] || fail "nothing was given for $*"
    take /tmp/given "${@:?which secret?}"
    ;;
  show)
    shift
    for name in "${@:?which secret?}"; do
      place "$name"
      [ -f "$file" ] || fail "there is no secret $name"
      cat "$file"
    done
    exit
    ;;
  list)
    cd $own && find . -type f | cut -c 3- | sort
    cd /secrets && exec find keys -type f | sort
    ;;
  *) fail "there are keys, put, show and list; not $1" ;;
esac
give_all
