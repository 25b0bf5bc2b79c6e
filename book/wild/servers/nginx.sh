# PORT: nginx with nginx.conf, in a new folder below the current one.
conf=$(dirname "$0")/nginx.conf
folder=$(mktemp -d "$PWD/nginx.XXXXXX")
sed "s/PORT/$1/" "$conf" > "$folder/nginx.conf"
exec nginx -p "$folder" -c nginx.conf
