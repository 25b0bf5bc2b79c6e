// net.js with one line more: an error ends its connection, and not the server.
const net = require('node:net');
const server = net.createServer((c) => {
  // 'connection' listener.
  console.log('client connected');
  c.on('end', () => {
    console.log('client disconnected');
  });
  c.on('error', (err) => console.log(err.code));
  c.write('hello\r\n');
  c.pipe(c);
});
server.on('error', (err) => {
  throw err;
});
server.listen(process.argv[2], '127.0.0.1', () => {
  console.log('server bound');
});
