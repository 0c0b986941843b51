// The server's memory while it takes in the largest files for a bucket, through itself and straight.
import { statSync } from 'node:fs'

import { Client } from '../../lib/client.mjs'
import { huge } from '../../lib/images.mjs'
import { peakOf } from '../../lib/proc.mjs'
import { fresh, tintype } from '../../lib/servers.mjs'
import { megabytes, pause } from '../../lib/stats.mjs'
import { seaweed } from '../../lib/store.mjs'
import { ROUTE } from '../../lib/uploading.mjs'

const TARGET = 80e6
const WAYS = [
  ['through the server into a bucket', (client, paths) => client.uploadAll(ROUTE, paths)],
  ['straight to a bucket', (client, paths) => client.directAll(paths)],
]

async function serverPeak(paths, send) {
  const engine = await seaweed()
  const server = await tintype(fresh('data-store-memory'), { env: engine.settings('memory') })
  const client = new Client(server.address, paths.length)
  await send(client, paths)
  await pause(100)
  const peak = peakOf(server.pid)
  client.close()
  await server.stop()
  await engine.stop()
  return peak
}

export async function storeMemory(note) {
  const files = huge(8)
  const rows = []
  for (const [way, send] of WAYS) {
    for (const paths of [files.slice(0, 1), files]) {
      const peak = await serverPeak(paths, send)
      const sent = paths.length === 1 ? 'one upload' : `${paths.length} uploads at once`
      rows.push({
        what: `server's peak memory, ${sent} of ${megabytes(statSync(files[0]).size)} MB ${way}`,
        ours: `${megabytes(peak)} MB`,
        target: 'below 80 MB',
        met: peak < TARGET,
      })
      note(rows.at(-1))
    }
  }
  return rows
}
