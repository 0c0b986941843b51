// Item 4: 100 SIGKILLs during uploads. What was acknowledged before one is served after it, byte for byte.
//
// node kill.mjs [SEED]: the same seed sends the same pictures and kills after the same times.

import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { png, random } from './pictures.mjs'
import { check, main, scratch, serve, stop } from './server.mjs'

const KILLS = 100
const UPLOADERS = 6
/** Long enough that some uploads are acknowledged, short enough that the kill meets many under way. */
const KILL_MS = [10, 400]
const FETCHES = 8

const sha256 = bytes => createHash('sha256').update(bytes).digest('hex')

/** Uploads pictures one after another until the server is gone. Gives how many were cut off. */
async function uploader(url, next, acknowledged, isKilled) {
  for (;;) {
    const side = 16 + Math.floor(next() * 240)
    const picture = png(next, side, 16 + Math.floor(next() * 240))
    if (isKilled()) return 0
    let image
    try {
      const response = await fetch(`${url}/api/v1/images`, { method: 'POST', headers: { 'content-type': 'image/png' }, body: picture })
      image = await response.json()
      if (response.status !== 201) throw new Error(`an upload was answered ${response.status}: ${JSON.stringify(image)}`)
    } catch (error) {
      if (isKilled()) return 1
      throw error
    }
    acknowledged.set(image.id, { path: new URL(image.links.image).pathname, sha256: sha256(picture) })
  }
}

/** One life of the server: uploads from all sides, then the kill. */
async function round(data, next, acknowledged) {
  const server = await serve(data)
  let killed = false
  const seeds = Array.from({ length: UPLOADERS }, () => next() * 2 ** 32)
  const uploads = seeds.map(seed => uploader(server.url, random(seed), acknowledged, () => killed))
  await Promise.race([
    new Promise(resolve => setTimeout(resolve, KILL_MS[0] + next() * (KILL_MS[1] - KILL_MS[0]))),
    ...uploads,
  ])
  killed = true
  server.child.kill('SIGKILL')
  const cut = await Promise.all(uploads)
  await server.ended
  return cut.reduce((sum, one) => sum + one, 0)
}

/** Fetches images and gives those that are not what was sent. */
async function verify(url, images) {
  const lost = []
  const queue = [...images]
  const worker = async () => {
    for (let entry = queue.pop(); entry; entry = queue.pop()) {
      const [id, { path, sha256: expected }] = entry
      const response = await fetch(url + path)
      const bytes = Buffer.from(await response.arrayBuffer())
      if (response.status !== 200 || sha256(bytes) !== expected) lost.push(`${id}: ${response.status}, ${bytes.length} bytes`)
    }
  }
  await Promise.all(Array.from({ length: FETCHES }, worker))
  return lost
}

await main(async () => {
  const seed = process.argv[2] ? Number(process.argv[2]) : Math.floor(Math.random() * 2 ** 31)
  if (!Number.isInteger(seed)) throw new Error(`the seed ${process.argv[2]} is no whole number`)
  const next = random(seed)
  const data = join(scratch('kill'), 'data')
  const acknowledged = new Map()
  let cut = 0
  try {
    for (let kill = 1; kill <= KILLS; kill += 1) {
      cut += await round(data, next, acknowledged)
      if (process.stderr.isTTY) process.stderr.write(`\r${kill} of ${KILLS} kills, ${acknowledged.size} acknowledged`)
    }
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
    const server = await serve(data)
    const lost = await verify(server.url, acknowledged)
    await stop(server)
    const report = check(data)
    const staged = readdirSync(join(data, 'staging'))
    const served = acknowledged.size - lost.length
    console.log(`${KILLS} kills, ${acknowledged.size} acknowledged, ${cut} cut off, ${served} served, lost = ${lost.length}; check is clean over ${report.blobs} files (seed ${seed})`)
    if (lost.length > 0) throw new Error(lost.slice(0, 20).join('\n'))
    if (staged.length > 0) throw new Error(`staging holds ${staged.length} files: ${staged.slice(0, 5).join(', ')}`)
    if (cut === 0 || acknowledged.size < KILLS) throw new Error('hardly anything was under way: this shows nothing')
  } catch (error) {
    throw new Error(`${error.message}\n(seed ${seed}: node tools/accept/kill.mjs ${seed})`)
  }
})
