// Node's http server with one reply, in words that Node understood in 2013.
var http = require('http');
var server = http.createServer(function (request, response) {
  response.end('Hello, client!');
});
server.listen(process.argv[2], '127.0.0.1');
