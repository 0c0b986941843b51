// Memory: the server's while it takes in the largest files, and a worker's for a picture of 24 megapixels.
import { statSync } from 'node:fs'

import { Client } from '../lib/client.mjs'
import { huge, large } from '../lib/images.mjs'
import { childrenOf, peakOf } from '../lib/proc.mjs'
import { fresh, tintype } from '../lib/servers.mjs'
import { megabytes, pause } from '../lib/stats.mjs'

const SERVER_TARGET = 60e6
const WORKER_TARGET = 100e6
const ROUTE = '/api/v1/images'

// Runs `work` while looking at every worker's peak as often as the event loop allows: more often than once a millisecond
// between the pieces that are sent. A peak only grows, so the last look before a worker ends is what counts.
async function watched(spawner, work) {
  let going = true
  let peak = 0
  const look = () => {
    if (!going) return
    for (const pid of childrenOf(spawner)) peak = Math.max(peak, peakOf(pid))
    setImmediate(look)
  }
  look()
  try {
    await work()
  } finally {
    going = false
  }
  return peak
}

async function serverPeak(paths) {
  const server = await tintype(fresh('data-memory'))
  const client = new Client(server.address, paths.length)
  const worker = await watched(server.spawner, () => client.uploadAll(ROUTE, paths))
  await pause(100)
  const peak = peakOf(server.pid)
  client.close()
  await server.stop()
  return { peak, worker }
}

async function workerPeak(path) {
  const server = await tintype(fresh('data-memory'))
  const client = new Client(server.address, 1)
  const peak = await watched(server.spawner, () => client.upload(ROUTE, path))
  client.close()
  await server.stop()
  return peak
}

export async function memory(note) {
  const rows = []
  const add = row => {
    rows.push(row)
    note(row)
  }
  const files = huge(8)
  for (const paths of [files.slice(0, 1), files]) {
    const { peak, worker } = await serverPeak(paths)
    const sent = paths.length === 1 ? 'one upload' : `${paths.length} uploads at once`
    add({
      what: `server's peak memory, ${sent} of ${megabytes(statSync(files[0]).size)} MB`,
      ours: `${megabytes(peak)} MB (worker ${megabytes(worker)} MB)`,
      target: 'below 60 MB',
      met: peak < SERVER_TARGET,
    })
  }
  for (const { label, path } of large()) {
    const peak = await workerPeak(path)
    const bound = label === 'JPEG, baseline'
    add({
      what: `a worker's peak memory, 24 megapixels, ${label} (${megabytes(statSync(path).size)} MB)`,
      ours: `${megabytes(peak)} MB`,
      target: bound ? 'below 100 MB' : 'stated',
      met: bound ? peak < WORKER_TARGET : null,
    })
  }
  return rows
}
