// Hot originals over keep-alive: requests per second of the server's CPU, Tintype and nginx in turn.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { Client, fetched } from '../lib/client.mjs'
import { served } from '../lib/images.mjs'
import { beside, SERVER_CORE, SHORTENED } from '../lib/load.mjs'
import { fresh, nginx, tintype } from '../lib/servers.mjs'
import { say } from '../lib/stats.mjs'

const TARGETS = { '1 KB': 0.9, '20 KB': 0.85, '100 KB': 0.75, '1 MB': 0.5 }
// What nginx sets by itself.
const NGINX_OWN = ['etag', 'content-type', 'content-length', 'accept-ranges', 'date']

export function nginxHeaders(headers) {
  const mine = Object.entries(headers).filter(([name]) => !NGINX_OWN.includes(name) && name !== 'connection' && name !== 'keep-alive')
  return [...mine.map(([name, value]) => `add_header ${name} '${value.replaceAll("'", "\\'")}';`), 'add_header Last-Modified "";']
}

export async function prepare(server) {
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
  const rows = []
  for (const file of files) {
    const at = server => new URL(`/i/${file.name}`, server.address).href
    rows.push(row(file, beside({ pid: ours.pid, url: at(ours) }, { pid: theirs.worker, url: at(theirs) })))
    note(rows.at(-1))
  }
  await Promise.all([ours.stop(), theirs.stop()])
  return rows
}

function row({ label, bytes }, { ours, theirs, ratio }) {
  return {
    what: `hot original of ${label} (${bytes} bytes), requests per CPU-second${SHORTENED}`,
    ours,
    peer: `nginx ${theirs}`,
    ratio: ratio.toFixed(2),
    target: `at least ${TARGETS[label]}`,
    met: ratio >= TARGETS[label],
  }
}
