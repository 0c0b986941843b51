// Starting on a folder of 10,000 images, and the memory that the idle program holds then.
import { get } from 'node:http'

import { Client } from '../lib/client.mjs'
import { random } from '../lib/images.mjs'
import { noisePng } from '../lib/png.mjs'
import { childrenOf, proportionalOf, residentOf } from '../lib/proc.mjs'
import { freePort, fresh, launchTintype, tintype } from '../lib/servers.mjs'
import { median, megabytes, pause, say } from '../lib/stats.mjs'

const IMAGES = 10_000
const AT_ONCE = 16
const STARTS = 10
const IDLE_MILLIS = 3000
const GIVE_UP_MILLIS = 20_000

async function fill(data) {
  const server = await tintype(data)
  const client = new Client(server.address, AT_ONCE)
  const next = random(9)
  const pictures = Array.from({ length: IMAGES }, (_, index) => ({ name: `${index}.png`, bytes: noisePng(8, 8, next) }))
  const first = await client.upload('/api/v1/images', pictures[0])
  const begun = performance.now()
  const replies = await client.uploadAll('/api/v1/images', pictures.slice(1))
  const perSecond = replies.length / ((performance.now() - begun) / 1000)
  if (replies.some(reply => reply.duplicate)) throw new Error('the pictures were to differ from each other')
  client.close()
  await server.stop()
  return { perSecond, path: new URL(first.links.image).pathname }
}

// Whether the address answers 200 by now; no connection yet is no error.
const answers = url => new Promise((done, fail) => {
  get(url, { agent: false }, response => {
    response.resume().on('end', () => (response.statusCode === 200 ? done(true) : fail(new Error(`${url}: ${response.statusCode}`))))
  }).on('error', error => (error.code === 'ECONNREFUSED' ? done(false) : fail(error)))
})

// From the start of the process to the last byte of the first picture.
async function timedStart(data, path) {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}${path}`
  const begun = performance.now()
  const server = launchTintype(data, port)
  while (!(await answers(url))) {
    if (performance.now() - begun > GIVE_UP_MILLIS) throw new Error(`Tintype did not start; see ${server.log}`)
  }
  return { server, millis: performance.now() - begun }
}

const ended = ({ child }) => new Promise(done => {
  child.once('exit', done)
  child.kill('SIGTERM')
})

function idle(pid) {
  const [spawner] = childrenOf(pid)
  const all = [pid, spawner, ...childrenOf(spawner)]
  const sum = of => all.reduce((total, one) => total + of(one), 0)
  return { server: residentOf(pid), all: sum(proportionalOf), resident: sum(residentOf), spares: all.length - 2 }
}

export async function start(note) {
  const data = fresh('data-start')
  say(`  uploading ${IMAGES} pictures of 8 × 8 pixels`)
  const { perSecond, path } = await fill(data)
  const starts = []
  let held
  for (let round = 0; round < STARTS; round += 1) {
    const { server, millis } = await timedStart(data, path)
    starts.push(millis)
    if (round === STARTS - 1) {
      await pause(IDLE_MILLIS)
      held = idle(server.pid)
    }
    await ended(server)
  }
  const made = rows(starts, held, perSecond)
  made.forEach(note)
  return made
}

function rows(starts, held, perSecond) {
  const millis = median(starts)
  return [
    {
      what: `start to the first picture answered, folder of ${IMAGES} images (median of ${STARTS}, page cache warm)`,
      ours: `${millis.toFixed(0)} ms (${Math.min(...starts).toFixed(0)} to ${Math.max(...starts).toFixed(0)})`,
      target: 'below 100 ms',
      met: millis < 100,
    },
    {
      what: 'idle memory of the server after that',
      ours: `${megabytes(held.server)} MB`,
      target: 'below 40 MB',
      met: held.server < 40e6,
    },
    {
      what: `the same with the spawner and ${held.spares} spare workers, shared pages once`,
      ours: `${megabytes(held.all)} MB (${megabytes(held.resident)} MB with shared pages in each)`,
      target: 'below 60 MB',
      met: held.all < 60e6,
    },
    {
      what: `uploads per second while the folder was made (8 × 8 PNG, ${AT_ONCE} at a time, client on the same cores)`,
      ours: perSecond.toFixed(0),
      target: 'stated',
      met: null,
    },
  ]
}
