// Originals that are not hot: from the request to the first byte of the picture, from the server, which asks the bucket, and
// straight from the bucket.
import { execFileSync } from 'node:child_process'
import { Agent, get } from 'node:http'
import { cpus } from 'node:os'

import { Client } from '../../lib/client.mjs'
import { random } from '../../lib/images.mjs'
import { LOAD_CORE, SERVER_CORE } from '../../lib/load.mjs'
import { noisePng } from '../../lib/png.mjs'
import { fresh, tintype } from '../../lib/servers.mjs'
import { median } from '../../lib/stats.mjs'
import { seaweed } from '../../lib/store.mjs'
import { AT_ONCE, ROUTE } from '../../lib/uploading.mjs'

const ROUNDS = 5
const TARGET = 1.3
// Side of a square of noise, and how many of them each of the two reads in a round.
const SIZES = [
  { label: '100 KB', side: 183, each: 20 },
  { label: '1 MB', side: 578, each: 20 },
  { label: '10 MB', side: 1826, each: 4 },
]
// Pairs that are read before the rounds: connections, compiled code.
const WARM_UP = 2

const header = (url, name) => new Promise((done, fail) => {
  get(url, { agent: false }, response => response.resume().on('end', () => done(response.headers[name]))).on('error', fail)
})

// Milliseconds to the first byte of the body; reads the rest too, so that the connection can be used again.
const firstByte = (agent, url, bytes, { ranged = false } = {}) => new Promise((done, fail) => {
  const headers = ranged ? { Range: `bytes=0-${bytes - 1}` } : {}
  const begun = performance.now()
  get(url, { agent, headers }, response => {
    let [millis, read] = [0, 0]
    response.on('data', piece => {
      millis ||= performance.now() - begun
      read += piece.length
    })
    response.on('end', () => {
      if (response.statusCode === (ranged ? 206 : 200) && read === bytes) done(millis)
      else fail(new Error(`${url} was answered with ${response.statusCode} and ${read} bytes`))
    })
  }).on('error', fail)
})

async function upload(server, { side, each }, seed) {
  const next = random(seed)
  const client = new Client(server.address, AT_ONCE)
  const count = 2 * (WARM_UP + ROUNDS * each)
  const pictures = Array.from({ length: count }, (_, index) => ({ name: `${index}.png`, bytes: noisePng(side, side, next) }))
  const replies = await client.uploadAll(ROUTE, pictures)
  client.close()
  return replies.map(reply => ({ path: new URL(reply.links.image).pathname, bytes: reply.bytes }))
}

// The pictures with their addresses at the bucket, which the server signs where it sends readers there.
async function signed(data, env, sizes) {
  const server = await tintype(data, { env: { ...env, TINTYPE_DELIVERY_MODE: 'redirect' } })
  const all = []
  for (const pictures of sizes) {
    const located = []
    for (const picture of pictures) {
      located.push({ ...picture, there: await header(new URL(picture.path, server.address), 'location') })
    }
    all.push(located)
  }
  await server.stop()
  return all
}

// Every picture is read once, by one of the two, in turn; who begins changes.
async function read(agent, address, pictures) {
  const millis = { server: [], bucket: [] }
  for (let at = 0; at < pictures.length; at += 2) {
    const [one, other] = [pictures[at], pictures[at + 1]]
    const ours = async () => millis.server.push(await firstByte(agent, new URL(one.path, address), one.bytes))
    const bare = async () => millis.bucket.push(await firstByte(agent, other.there, other.bytes, { ranged: true }))
    for (const turn of at % 4 ? [ours, bare] : [bare, ours]) await turn()
  }
  return { server: median(millis.server), bucket: median(millis.bucket) }
}

async function measure(agent, address, pictures, each) {
  await read(agent, address, pictures.slice(0, 2 * WARM_UP))
  const rounds = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const from = 2 * (WARM_UP + round * each)
    rounds.push(await read(agent, address, pictures.slice(from, from + 2 * each)))
  }
  return rounds
}

// On shared cores a thread that was woken waits up to three milliseconds for one, which is the machine's time and not the
// way's. So the server has a core, and the client and the bucket, which both ways need, the other.
const put = (pid, cores) => execFileSync('taskset', ['-a', '-p', '-c', cores, String(pid)], { stdio: 'ignore' })

export async function storeFirstByte(note) {
  const engine = await seaweed()
  const [data, env] = [fresh('data-first-byte'), engine.settings('first-byte')]
  const filling = await tintype(data, { env })
  const sizes = []
  for (const [index, size] of SIZES.entries()) sizes.push(await upload(filling, size, 40 + index))
  await filling.stop()
  const located = await signed(data, env, sizes)
  // Started anew, so that nothing is hot.
  const server = await tintype(data, { env, cores: SERVER_CORE })
  for (const pid of [engine.pid, process.pid]) put(pid, LOAD_CORE)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const rows = []
  for (const [index, { label, each }] of SIZES.entries()) {
    rows.push(row(label, await measure(agent, server.address, located[index], each)))
    note(rows.at(-1))
  }
  agent.destroy()
  put(process.pid, `0-${cpus().length - 1}`)
  await server.stop()
  await engine.stop()
  return rows
}

function row(label, rounds) {
  const of = pick => median(rounds.map(pick))
  const ratio = of(({ server, bucket }) => server / bucket)
  return {
    what: `first byte of an original of ${label} that is not hot, from a bucket`,
    ours: `${of(({ server }) => server).toFixed(2)} ms`,
    peer: `bare ranged GET at SeaweedFS ${of(({ bucket }) => bucket).toFixed(2)} ms`,
    ratio: ratio.toFixed(2),
    target: `at most ${TARGET}`,
    met: ratio <= TARGET,
  }
}
