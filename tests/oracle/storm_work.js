// The node of the storm: rounds of work with timers, files, a thread pool and a
// worker, each a line of output that is the same in every run. Ends when the
// file named by its argument is there.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const net = require('net');
const util = require('util');
const zlib = require('zlib');

const later = (ms, value) => new Promise(
    done => setTimeout(() => done(value), ms));

async function roundOfWork(number, port) {
  const words = new Map();
  for (let i = 0; i < 3000; ++i) {
    words.set('word' + (i * 7919 + number) % 5000, {i, text: 'x'.repeat(i % 50)});
  }
  const text = JSON.stringify([...words]);
  const packed = await util.promisify(zlib.deflate)(text);
  const unpacked = await util.promisify(zlib.inflate)(packed);
  const key = await util.promisify(crypto.pbkdf2)(
      text.slice(0, 99), 'salt', 200, 32, 'sha256');
  const source = await fs.promises.readFile(__filename);
  const echoed = await new Promise((done, fail) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.end(key));
    const parts = [];
    socket.on('data', part => parts.push(part));
    socket.on('end', () => done(Buffer.concat(parts)));
    socket.on('error', fail);
  });
  const slept = await Promise.all([1, 2, 3].map(n => later(n, n * n)));
  return crypto.createHash('sha256')
      .update(unpacked).update(key).update(source).update(echoed)
      .update(slept.join()).digest('hex');
}

const server = net.createServer(socket => socket.pipe(socket));
server.listen(0, '127.0.0.1', async () => {
  for (let number = 0; !fs.existsSync(process.argv[2]); ++number) {
    console.log(number, await roundOfWork(number, server.address().port));
  }
  server.close();
});
