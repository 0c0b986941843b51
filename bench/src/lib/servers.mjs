// Starting and stopping what is measured.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'

import { binary, root, work } from './places.mjs'
import { childrenOf } from './proc.mjs'
import { pause } from './stats.mjs'

const READY_MILLIS = 20_000

// Everything started and not yet stopped, so that an error or Ctrl-C leaves nothing running.
const running = new Set()
process.on('exit', () => running.forEach(child => child.kill('SIGTERM')))
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

// Settings in the environment would change what is measured, a bucket's above all.
const SETTING = /^(TINTYPE_|AWS_|PORT$|ENDPOINT$|S3_BUCKET|UPLOAD_BUCKET$)/
const plain = Object.fromEntries(Object.entries(process.env).filter(([name]) => !SETTING.test(name)))

// Starts a program with its standard output in a file, on the cores given ('0', or nothing for all).
export function launch(name, command, args, { cores, env } = {}) {
  const log = join(work, `${name}.log`)
  mkdirSync(work, { recursive: true })
  const out = openSync(log, 'w')
  const whole = cores === undefined ? [command, ...args] : ['taskset', '-c', cores, command, ...args]
  const child = spawn(whole[0], whole.slice(1), { stdio: ['ignore', out, out], env: { ...plain, ...env }, cwd: work })
  closeSync(out)
  running.add(child)
  child.once('exit', () => running.delete(child))
  return { child, pid: child.pid, log }
}

export async function stop({ child }, signal = 'SIGTERM') {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  await once(child, 'exit')
}

// The address that the program prints once it listens.
export async function readyLine({ child, log }, pattern) {
  for (const end = Date.now() + READY_MILLIS; Date.now() < end; await pause(5)) {
    const found = readFileSync(log, 'utf8').match(pattern)
    if (found) return found[1]
    if (child.exitCode !== null) break
  }
  throw new Error(`${child.spawnargs.join(' ')} did not get ready; see ${log}`)
}

// Below the ports that Linux gives to whoever asks for any, so that nobody takes one between its choice and its use.
const FIRST = 12_000
const COUNT = 20_000
let next = Math.floor(Math.random() * COUNT)

export async function freePort() {
  for (let tries = 0; tries < COUNT; tries++) {
    const port = FIRST + (next++ % COUNT)
    const server = createServer()
    const isFree = await new Promise(resolve => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (isFree) return port
  }
  throw new Error(`every port from ${FIRST} to ${FIRST + COUNT} is taken`)
}

const made = new Set()

// The path of a folder that is not there yet.
export function fresh(name) {
  const folder = join(work, name)
  rmSync(folder, { recursive: true, force: true })
  made.add(folder)
  return folder
}

// Removes what the servers left, when all went well; after an error it stays to be looked at.
export const cleanUp = () => made.forEach(folder => rmSync(folder, { recursive: true, force: true }))

// Tintype with its default settings and its access log in a file, `<name>.log`. taskset becomes the program, so the pid is
// the server's.
export function launchTintype(data, port, { name = 'tintype', ...options } = {}) {
  return launch(name, binary(), ['serve', '--data', data, '--listen', `127.0.0.1:${port}`], options)
}

export async function tintype(data, options) {
  const process = launchTintype(data, 0, options)
  const address = await readyLine(process, /^Tintype is ready: (\S+)/m)
  const [spawner] = childrenOf(process.pid)
  return { ...process, address, spawner, stop: () => stop(process) }
}

export async function express() {
  const folder = fresh('express')
  mkdirSync(folder, { recursive: true })
  const process = launch('express', 'node', [join(root, 'bench/peers/express/server.mjs'), folder])
  const address = await readyLine(process, /^ready (\S+)/m)
  return { ...process, address, folder, stop: () => stop(process) }
}

// nginx as its documentation tunes it for static files, with the headers that Tintype sends. `headers` are lines of
// configuration; files are served from `folder` under /i/. With `tls`, a certificate and its key, over HTTPS as well.
export async function nginx(folder, headers, { tls, ...options } = {}) {
  const prefix = fresh('nginx')
  mkdirSync(join(prefix, 'tmp'), { recursive: true })
  const port = await freePort()
  const secure = tls && { ...tls, port: await freePort() }
  const conf = nginxConf({ folder, headers, port, prefix, secure })
  writeFileSync(join(prefix, 'nginx.conf'), conf)
  const process = launch('nginx', 'nginx', ['-p', prefix, '-e', join(prefix, 'error.log'), '-c', join(prefix, 'nginx.conf')], options)
  for (const end = Date.now() + READY_MILLIS; Date.now() < end; await pause(10)) {
    const [worker] = process.child.exitCode === null ? childrenOf(process.pid) : []
    const secureAddress = secure && `https://127.0.0.1:${secure.port}/`
    if (worker) return { ...process, address: `http://127.0.0.1:${port}/`, secureAddress, worker, stop: () => stop(process) }
    if (process.child.exitCode !== null) break
  }
  throw new Error(`nginx did not start; see ${process.log} and ${dirname(folder)}`)
}

function nginxConf({ folder, headers, port, prefix, secure }) {
  // As root nginx would drop to nobody, who may not reach the folder.
  const user = process.getuid() === 0 ? 'user root;' : ''
  const listen = secure
    ? `listen 127.0.0.1:${secure.port} ssl;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate ${secure.certificate};
    ssl_certificate_key ${secure.key};`
    : ''
  return `${user}
daemon off;
worker_processes 1;
pid ${prefix}/nginx.pid;
events { worker_connections 1024; }
http {
  types { image/jpeg jpg; image/png png; }
  client_body_temp_path ${prefix}/tmp/body;
  proxy_temp_path ${prefix}/tmp/proxy;
  fastcgi_temp_path ${prefix}/tmp/fastcgi;
  uwsgi_temp_path ${prefix}/tmp/uwsgi;
  scgi_temp_path ${prefix}/tmp/scgi;
  access_log ${prefix}/access.log combined buffer=64k flush=1s;
  sendfile on;
  tcp_nopush on;
  tcp_nodelay on;
  keepalive_timeout 60s;
  keepalive_requests 1000000000;
  open_file_cache max=1000 inactive=60s;
  open_file_cache_valid 60s;
  server_tokens off;
  server {
    listen 127.0.0.1:${port};
    ${listen}
    location /i/ {
      alias ${folder}/;
${headers.map(line => `      ${line}`).join('\n')}
    }
  }
}
`
}
