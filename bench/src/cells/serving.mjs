// Hot originals over keep-alive: requests per second of the server's CPU, Tintype and nginx in turn.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'

import { Client } from '../lib/client.mjs'
import { served } from '../lib/images.mjs'
import { cpuOf } from '../lib/proc.mjs'
import { fresh, nginx, tintype } from '../lib/servers.mjs'
import { median, say } from '../lib/stats.mjs'

const TARGETS = { '1 KB': 0.9, '20 KB': 0.85, '100 KB': 0.75, '1 MB': 0.5 }
const ROUNDS = 5
const SECONDS = Number(process.env.BENCH_SECONDS || 5)
const [SERVER_CORE, LOAD_CORE] = ['0', '1']
// What nginx sets by itself.
const NGINX_OWN = ['etag', 'content-type', 'content-length', 'accept-ranges', 'date']

// The bytes and the headers of an answer.
const fetched = url => new Promise((done, fail) => {
  get(url, response => {
    const pieces = []
    response.on('data', piece => pieces.push(piece)).on('end', () => {
      if (response.statusCode !== 200) fail(new Error(`${url} was answered with ${response.statusCode}`))
      else done({ bytes: Buffer.concat(pieces), headers: response.headers })
    })
  }).on('error', fail)
})

function nginxHeaders(headers) {
  const mine = Object.entries(headers).filter(([name]) => !NGINX_OWN.includes(name) && name !== 'connection' && name !== 'keep-alive')
  return [...mine.map(([name, value]) => `add_header ${name} '${value.replaceAll("'", "\\'")}';`), 'add_header Last-Modified "";']
}

// One round: requests answered per second of CPU that the process spent on them.
function load(pid, url, seconds) {
  const before = cpuOf(pid).own
  const text = execFileSync('taskset', ['-c', LOAD_CORE, 'wrk', '-t1', '-c32', `-d${seconds}s`, url], { encoding: 'utf8' })
  const cpu = cpuOf(pid).own - before
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(`${url} was not answered as it should be:\n${text}`)
  const requests = Number(text.match(/(\d+) requests in/)[1])
  return { perCpuSecond: (requests * 1000) / cpu }
}

function measure(servers, file) {
  const rounds = { tintype: [], nginx: [] }
  for (const { pid, url } of servers(file)) load(pid, url, 1)
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { name, pid, url } of servers(file)) rounds[name].push(load(pid, url, SECONDS))
  }
  return rounds
}

async function prepare(server) {
  const folder = join(fresh('served'), 'i')
  mkdirSync(folder, { recursive: true })
  const client = new Client(server.address, 1)
  let headers
  const files = []
  for (const { label, path } of served()) {
    const reply = await client.upload('/api/v1/images', { name: `${label}.jpg`, bytes: readFileSync(path) })
    const name = new URL(reply.links.image).pathname.split('/').at(-1)
    const answer = await fetched(new URL(`/i/${name}`, server.address))
    writeFileSync(join(folder, name), answer.bytes)
    files.push({ label, name, bytes: answer.bytes.length })
    ;({ headers } = answer)
  }
  client.close()
  return { folder, headers, files }
}

export async function serving(note) {
  const ours = await tintype(fresh('data-serving'), { cores: SERVER_CORE, env: { TOKIO_WORKER_THREADS: '1' } })
  const { folder, headers, files } = await prepare(ours)
  const theirs = await nginx(folder, nginxHeaders(headers), { cores: SERVER_CORE })
  const check = await fetched(new URL(`/i/${files[0].name}`, theirs.address))
  say(`  Tintype's headers: ${Object.keys(headers).join(', ')}\n  nginx's headers:   ${Object.keys(check.headers).join(', ')}`)
  const servers = file => [
    { name: 'tintype', pid: ours.pid, url: new URL(`/i/${file.name}`, ours.address).href },
    { name: 'nginx', pid: theirs.worker, url: new URL(`/i/${file.name}`, theirs.address).href },
  ]
  const rows = []
  for (const file of files) {
    rows.push(row(file, measure(servers, file)))
    note(rows.at(-1))
  }
  await Promise.all([ours.stop(), theirs.stop()])
  return rows
}

function row({ label, bytes }, rounds) {
  const rate = name => median(rounds[name].map(round => round.perCpuSecond))
  const micros = name => (1e6 / rate(name)).toFixed(1)
  // The ratio of each pair of neighbouring rounds, so that what slows the machine for a while slows both.
  const ratio = median(rounds.tintype.map((round, index) => round.perCpuSecond / rounds.nginx[index].perCpuSecond))
  return {
    what: `hot original of ${label} (${bytes} bytes), requests per CPU-second${SECONDS === 5 ? '' : ` (rounds of ${SECONDS} s)`}`,
    ours: `${Math.round(rate('tintype'))} (${micros('tintype')} µs each)`,
    peer: `nginx ${Math.round(rate('nginx'))} (${micros('nginx')} µs each)`,
    ratio: ratio.toFixed(2),
    target: `at least ${TARGETS[label]}`,
    met: ratio >= TARGETS[label],
  }
}
