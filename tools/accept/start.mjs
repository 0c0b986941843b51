// Item 1: `./run` on an empty folder starts, stops, and starts again; the second start answers /health within a second.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { main, scratch, start, stop } from './server.mjs'

const RUN = join(import.meta.dirname, '../../run')
const BUILD_MS = 60 * 60_000
const SECOND_START_MS = 1_000

await main(async () => {
  const data = join(scratch('start'), 'data')
  const args = ['--data', data, '--listen', '127.0.0.1:0']
  const first = await start(RUN, args, { readyMs: BUILD_MS, onError: chunk => process.stderr.write(chunk) })
  const health = await (await fetch(`${first.url}/health`)).json()
  if (health.status !== 'ok') console.error(`health says ${health.status}: ${health.notes.join('; ')}`)
  await stop(first)
  if (!readdirSync(data).includes('tintype.db')) throw new Error(`${data} holds no catalogue after the first start`)

  const began = performance.now()
  const second = await start(RUN, args)
  const answer = await fetch(`${second.url}/health`)
  const took = Math.round(performance.now() - began)
  await stop(second)
  if (answer.status !== 200) throw new Error(`/health answered ${answer.status} after the second start`)
  if (took > SECOND_START_MS) throw new Error(`the second start answered /health after ${took} ms; the limit is ${SECOND_START_MS} ms`)
  console.log(`second start answers /health after ${took} ms`)
})
