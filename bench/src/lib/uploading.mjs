// One round of uploads: what it cost, and how many a second there were.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

import { Client } from './client.mjs'
import { cpuOf } from './proc.mjs'
import { tintype } from './servers.mjs'
import { pause } from './stats.mjs'

export const ROUTE = '/api/v1/images'
export const AT_ONCE = 8
// Time for the last workers to end and be waited for, and for spare ones to be ready.
const SETTLE_MILLIS = 700

export const inMemory = paths => paths.map(path => ({ name: basename(path), bytes: readFileSync(path) }))

// Runs `send` over the pictures. Answers the CPU time that each cost, by the names that `look` gives, and uploads a second.
export async function timed(look, pictures, send) {
  const before = look()
  const begun = performance.now()
  await send(pictures)
  const perSecond = pictures.length / ((performance.now() - begun) / 1000)
  await pause(SETTLE_MILLIS)
  const after = look()
  const each = Object.keys(before).map(name => [name, (after[name] - before[name]) / pictures.length])
  return { ...Object.fromEntries(each), perSecond }
}

// Tintype's processes.
export const lookAt = server => () =>
  ({ server: cpuOf(server.pid).own, spawner: cpuOf(server.spawner).own, workers: cpuOf(server.spawner).waitedFor })

// Tintype on a folder that has to be empty: bytes that are there already would not be stored again. `options.look` is who
// else is looked at.
export async function tintypeRound(data, warmUp, pictures, { env, look = () => ({}), send = asForms } = {}) {
  const server = await tintype(data, { env })
  const client = new Client(server.address, AT_ONCE)
  await send(client, warmUp.slice(0, 1))
  await send(client, warmUp.slice(1))
  await pause(SETTLE_MILLIS)
  const own = lookAt(server)
  const spent = await timed(() => ({ ...own(), ...look() }), pictures, some => send(client, some))
  client.close()
  await server.stop()
  return spent
}

const asForms = (client, pictures) => client.uploadAll(ROUTE, pictures)

// What Tintype spends in all, and outside its workers.
export const total = spent => spent.server + spent.spawner + spent.workers
export const outside = spent => spent.server + spent.spawner

export const rounded = (_, value) => (typeof value === 'number' ? Number(value.toFixed(2)) : value)
