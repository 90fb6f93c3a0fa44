#!/bin/sh
# Prints the Secrets and ConfigMaps with the credentials of an installation, from the folder that `yingda deploy secrets`
# has filled. It changes nothing and keeps nothing:
#
#   deploy/kubernetes/credentials.sh secrets | kubectl apply -f -
#
# FOLDER/nats and FOLDER/postgres are that command's. Beside them may stand, as files named like settings in lower case:
#   FOLDER/operations/yingda_database_password   of PostgreSQL's administrator; needed
#   FOLDER/notify/yingda_survey_key, FOLDER/feedback/yingda_survey_key, FOLDER/notify/yingda_smtp_password, ...
#   FOLDER/trust/database-ca.pem                 the certificates that servers are verified by
set -eu
folder=${1:?usage: credentials.sh FOLDER [NAMESPACE]}
namespace=${2:-yingda}

make() { # KIND NAME --from-file=...: as a manifest, on standard output
	kubectl create --dry-run=client --output=yaml --namespace="$namespace" "$@"
	echo ---
}
further() { # SERVICE: what else stands in its folder
	if [ -d "$folder/$1" ]; then echo "--from-file=$folder/$1"; fi
}

for service in intake routing sla notify feedback; do
	make secret generic "$service" \
		--from-file="$service.nk=$folder/nats/$service.nk" \
		--from-file="yingda_database_password=$folder/postgres/$service.password" \
		$(further "$service")
done
make secret generic operations \
	--from-file="operations.nk=$folder/nats/operations.nk" \
	--from-file="yingda_database_password=$folder/operations/yingda_database_password"
make secret generic roles --from-file="$folder/postgres"
make configmap nats-users --from-file="users.conf=$folder/nats/users.conf"
if [ -d "$folder/trust" ]; then make configmap trust --from-file="$folder/trust"; fi
