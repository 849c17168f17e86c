// A server with two processes; each path uses another part of Node.js: the pool of threads, workers with shared memory, child processes, the
// just-in-time compiler, WebAssembly, files. What it answers is computed by the client as well.
const cluster = require('cluster'), crypto = require('crypto'), fs = require('fs'), http = require('http');
const { execFile } = require('child_process');
const { Worker, isMainThread, workerData } = require('worker_threads');

if (!isMainThread) {
  const cells = new Int32Array(workerData);
  for (let i = 0; i < 1000; i++) Atomics.add(cells, 0, 1);
  Atomics.add(cells, 1, 1);
  Atomics.notify(cells, 1);
} else if (cluster.isPrimary) {
  for (let i = 0; i < 2; i++) cluster.fork();
  cluster.on('exit', (worker, code, signal) => console.error('a worker ended:', code, signal));
} else {
  http.createServer(answer).listen(80);
}

function fibonacci(n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

function threads(done) {
  const memory = new SharedArrayBuffer(8);
  let left = 2;
  for (let i = 0; i < 2; i++) {
    new Worker(__filename, { workerData: memory }).on('error', done).on('exit', () => {
      if (--left === 0) done(null, String(new Int32Array(memory)[0]));
    });
  }
}

// (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add)
const add = Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 97, 100, 100, 0, 0, 10, 9, 1, 7, 0,
  32, 0, 32, 1, 106, 11]);

const paths = {
  derive: (word, done) => crypto.pbkdf2(word, 'salt', 1000, 32, 'sha256', (error, key) => done(error, key && key.toString('hex'))),
  file: (word, done) => {
    const name = `/tmp/${word}`;
    fs.writeFile(name, word.repeat(1000), (error) => error ? done(error) : fs.readFile(name, 'utf8', done));
  },
  child: (word, done) => execFile('/bin/cat', ['/proc/self/comm'], done),
  jit: (word, done) => done(null, String(fibonacci(Number(word)))),
  threads: (word, done) => threads(done),
  wasm: (word, done) => WebAssembly.instantiate(add).then((made) => done(null, String(made.instance.exports.add(Number(word), 1))), done),
};

function answer(request, response) {
  const [, path, word] = request.url.split('/');
  paths[path](word, (error, text) => {
    response.statusCode = error ? 500 : 200;
    response.end(error ? String(error) : text);
  });
}
