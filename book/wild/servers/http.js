// Node's http server with one reply.
const http = require('node:http');
const server = http.createServer((request, response) => response.end('Hello, client!'));
server.listen(process.argv[2], '127.0.0.1');
