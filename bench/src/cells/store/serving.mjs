// Hot originals that lie in a bucket beside hot originals that lie in the folder: requests per second of the server's CPU.
import { readFileSync } from 'node:fs'

import { Client } from '../../lib/client.mjs'
import { served } from '../../lib/images.mjs'
import { beside, SERVER_CORE, SHORTENED } from '../../lib/load.mjs'
import { fresh, tintype } from '../../lib/servers.mjs'
import { seaweed } from '../../lib/store.mjs'
import { ROUTE } from '../../lib/uploading.mjs'

const SIZES = ['1 KB', '100 KB', '1 MB']
// The same, give or take 5 %.
const TARGET = 0.95
// More than beside nginx: a smaller difference counts.
const ROUNDS = 9

const start = (name, env) =>
  tintype(fresh(`data-${name}`), { name, cores: SERVER_CORE, env: { ...env, TOKIO_WORKER_THREADS: '1' } })

async function uploaded(server, { label, path }) {
  const client = new Client(server.address, 1)
  const reply = await client.upload(ROUTE, { name: `${label}.jpg`, bytes: readFileSync(path) })
  client.close()
  return { pid: server.pid, url: new URL(new URL(reply.links.image).pathname, server.address).href, bytes: reply.bytes }
}

export async function storeServing(note) {
  const engine = await seaweed()
  const bucket = await start('bucket', engine.settings('serving'))
  const folder = await start('folder', {})
  const rows = []
  for (const file of served().filter(({ label }) => SIZES.includes(label))) {
    const [ours, theirs] = [await uploaded(bucket, file), await uploaded(folder, file)]
    rows.push(row(file.label, ours.bytes, beside(ours, theirs, ROUNDS)))
    note(rows.at(-1))
  }
  await Promise.all([bucket.stop(), folder.stop()])
  await engine.stop()
  return rows
}

function row(label, bytes, { ours, theirs, ratio }) {
  return {
    what: `hot original of ${label} (${bytes} bytes) from a bucket, requests per CPU-second${SHORTENED}`,
    ours,
    peer: `Tintype's folder ${theirs}`,
    ratio: ratio.toFixed(2),
    target: `at least ${TARGET}`,
    met: ratio >= TARGET,
  }
}
