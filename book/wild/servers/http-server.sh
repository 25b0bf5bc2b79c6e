# PACKAGE PORT: http-server of PACKAGE, a folder of npm's, with a page of 3 MB, in a new folder below the current one.
folder=$(mktemp -d "$PWD/http-server.XXXXXX")
head -c 3000000 /dev/zero | tr '\0' x > "$folder/index.html"
exec node "$1/node_modules/http-server/bin/http-server" "$folder" -a 127.0.0.1 -p "$2" --silent
