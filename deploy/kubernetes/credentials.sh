#!/bin/sh
# Prints the Secrets and ConfigMaps with the credentials of an installation, from the folder that `yingda deploy secrets`
# has filled. It changes nothing and keeps nothing:
#
#   deploy/kubernetes/credentials.sh FOLDER | kubectl apply -f -
#
# FOLDER/nats and FOLDER/postgres are that command's. Beside them stand, as files named like settings in lower case:
#   FOLDER/operations/yingda_database_password   of PostgreSQL's administrator; needed
#   FOLDER/superuser/superuser.password          of PostgreSQL itself, where it runs in the cluster (one-machine)
#   FOLDER/notify/yingda_survey_key, FOLDER/feedback/yingda_survey_key, FOLDER/notify/yingda_smtp_password, ...
#   FOLDER/gateway/NAME                          secrets of the endpoints, where the gateway runs; an empty folder where they have none
#   FOLDER/trust/database-ca.pem                 the certificates that servers are verified by (scaled-out)
set -eu
folder=${1:?usage: credentials.sh FOLDER [NAMESPACE]}
namespace=${2:-yingda}

begin() { # KIND NAME: the beginning of a manifest
	printf -- '---\napiVersion: v1\nkind: %s\nmetadata: {name: %s, namespace: %s}\n' "$1" "$2" "$namespace"
}
secret() { # KEY FILE
	[ -s "$2" ] || { echo "credentials.sh: there is nothing in $2" >&2; exit 1; }
	printf '  %s: %s\n' "$1" "$(base64 <"$2" | tr -d '\n')"
}
secrets_of() { # FOLDER: each file under its own name, if there are any
	[ -d "$1" ] || return 0
	for file in "$1"/*; do secret "${file##*/}" "$file"; done
}
text_of() { # FILE: under its own name, as text
	printf '  %s: |\n' "${1##*/}"
	sed 's/^/    /' "$1"
}

everything() {
	for service in intake routing sla notify feedback; do
		begin Secret "$service"
		echo data:
		secret "$service.nk" "$folder/nats/$service.nk"
		secret yingda_database_password "$folder/postgres/$service.password"
		secrets_of "$folder/$service"
	done
	for adapter in gateway; do
		[ -d "$folder/$adapter" ] || continue
		begin Secret "$adapter"
		echo data:
		secret "$adapter.nk" "$folder/nats/$adapter.nk"
		secrets_of "$folder/$adapter"
	done
	begin Secret operations
	echo data:
	secret operations.nk "$folder/nats/operations.nk"
	secret yingda_database_password "$folder/operations/yingda_database_password"
	begin Secret roles
	echo data:
	secrets_of "$folder/postgres"
	if [ -d "$folder/superuser" ]; then
		begin Secret postgres
		echo data:
		secrets_of "$folder/superuser"
	fi
	begin ConfigMap nats-users
	echo data:
	text_of "$folder/nats/users.conf"
	if [ -d "$folder/trust" ]; then
		begin ConfigMap trust
		echo data:
		for file in "$folder/trust"/*; do text_of "$file"; done
	fi
}

manifests=$(everything) # nothing is printed unless nothing is missing: half a Secret would take the place of a whole one
printf '%s\n' "$manifests"
