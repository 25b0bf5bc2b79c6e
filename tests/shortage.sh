#!/usr/bin/env bash
# No descriptor is free when a client connects to a server, and then one becomes free although the server has closed
# nothing: its limit is raised. A sound server serves the client within a second or two.
#
#     tests/shortage.sh SERVER [ARG ...]      SERVER is a program that takes --listen, as the chapters do
#
# Exit status: 0 the client was served, 1 it was not.
set -u

said=$(mktemp)
"$@" --listen 127.0.0.1:0 >/dev/null 2>"$said" &
server=$!
trap 'kill $server 2>/dev/null; rm -f "$said"' EXIT

port=
for _ in $(seq 100); do
    port=$(sed -n 's/^listening on .*://p' "$said")
    [ -n "$port" ] && break
    sleep 0.1
done
[ -n "$port" ] || { echo "$1 does not listen"; exit 1; }

# The limit is the first number that is free, so that there is not one more to be had.
first=0
while [ -e /proc/$server/fd/$first ]; do first=$((first + 1)); done
prlimit --pid $server --nofile=$first: || exit 1
echo "alice connects to a server that has no descriptor for her"
exec 3<>"/dev/tcp/127.0.0.1/$port" && printf 'Hello, server!' >&3
sleep 1

if kill -0 $server 2>/dev/null; then
    echo "the server's limit is raised; none of its connections has closed"
    prlimit --pid $server --nofile=$((first + 20)):
    if IFS= read -r -t 5 -N 14 -u 3 reply && [ "$reply" = "Hello, client!" ]; then
        echo "alice gets her reply: ok"
        exit 0
    fi
    echo "no reply to alice within five seconds"
else
    echo "the server has died: $(tail -n 1 "$said")"
fi
exit 1
