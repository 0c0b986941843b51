// Uploads of photographs: CPU time each, Tintype's split by process, Express with multer in turn, and what djpeg needs to
// decode the same files.
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, rmSync } from 'node:fs'
import { cpus } from 'node:os'
import { basename, join } from 'node:path'

import { Client } from '../lib/client.mjs'
import { uploads } from '../lib/images.mjs'
import { cpuOf } from '../lib/proc.mjs'
import { express, fresh, tintype } from '../lib/servers.mjs'
import { median, pause, say } from '../lib/stats.mjs'

const ROUNDS = 5
const PICTURES = 100
const WARM_UP = 8
const AT_ONCE = 8
// Time for the last workers to end and be waited for, and for spare ones to be ready.
const SETTLE_MILLIS = 700
const ROUTE = '/api/v1/images'

async function timed(client, route, pictures) {
  const begun = performance.now()
  await client.uploadAll(route, pictures)
  return pictures.length / ((performance.now() - begun) / 1000)
}

// A folder of its own each round: bytes that are there already would not be stored again.
async function tintypeRound(warmUp, pictures) {
  const server = await tintype(fresh('data-upload'))
  const client = new Client(server.address, AT_ONCE)
  await client.upload(ROUTE, warmUp[0])
  await client.uploadAll(ROUTE, warmUp.slice(1))
  await pause(SETTLE_MILLIS)
  const look = () => ({ server: cpuOf(server.pid).own, spawner: cpuOf(server.spawner).own, workers: cpuOf(server.spawner).waitedFor })
  const before = look()
  const perSecond = await timed(client, ROUTE, pictures)
  await pause(SETTLE_MILLIS)
  const after = look()
  client.close()
  await server.stop()
  const each = name => (after[name] - before[name]) / pictures.length
  return { server: each('server'), spawner: each('spawner'), workers: each('workers'), perSecond }
}

async function expressRound(server, client, pictures) {
  const before = cpuOf(server.pid).own
  const perSecond = await timed(client, '/upload', pictures)
  await pause(SETTLE_MILLIS)
  const each = (cpuOf(server.pid).own - before) / pictures.length
  for (const name of readdirSync(server.folder)) rmSync(join(server.folder, name))
  return { each, perSecond }
}

// As many at a time as there are cores, as Tintype's workers run: a busy neighbour core makes decoding dearer.
function djpegRound(paths) {
  const before = cpuOf('self').waitedFor
  const args = ['-0', '-P', String(cpus().length), '-n', '1', 'djpeg', '-outfile', '/dev/null']
  execFileSync('xargs', args, { input: paths.join('\0') })
  return (cpuOf('self').waitedFor - before) / paths.length
}

const rounded = (_, value) => (typeof value === 'number' ? Number(value.toFixed(2)) : value)

export async function upload(note) {
  const { quality, paths } = uploads(PICTURES + WARM_UP)
  const all = paths.map(path => ({ name: basename(path), bytes: readFileSync(path) }))
  const [warmUp, pictures] = [all.slice(0, WARM_UP), all.slice(WARM_UP)]
  const bytes = pictures.reduce((sum, picture) => sum + picture.bytes.length, 0) / PICTURES
  say(`  ${PICTURES} JPEGs of 2800 × 2100, quality ${quality}, ${Math.round(bytes)} bytes on average`)
  const peer = await express()
  const peerClient = new Client(peer.address, AT_ONCE)
  // Node compiles what runs often: give it a whole round to do so.
  await expressRound(peer, peerClient, pictures)
  const rounds = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const ours = await tintypeRound(warmUp, pictures)
    const theirs = await expressRound(peer, peerClient, pictures)
    const djpeg = djpegRound(paths.slice(WARM_UP))
    rounds.push({ ours, theirs, djpeg })
    say(`  round ${round + 1}, ms of CPU each: ${JSON.stringify({ ours, theirs, djpeg }, rounded)}`)
  }
  peerClient.close()
  await peer.stop()
  const made = rows(rounds)
  made.forEach(note)
  return made
}

function rows(rounds) {
  const of = pick => median(rounds.map(pick))
  const total = ({ ours }) => ours.server + ours.spawner + ours.workers
  const outside = ({ ours }) => ours.server + ours.spawner
  const whole = of(round => total(round) / round.djpeg)
  const beside = of(round => outside(round) / round.theirs.each)
  const ms = value => `${value.toFixed(2)} ms`
  return [
    {
      what: 'upload of a 1.9 MB JPEG, 8 at a time: CPU in all',
      ours: `${ms(of(total))} (workers ${ms(of(round => round.ours.workers))})`,
      peer: `one full djpeg ${ms(of(round => round.djpeg))}`,
      ratio: whole.toFixed(2),
      target: 'at most 1.3',
      met: whole <= 1.3,
    },
    {
      what: 'the same, CPU outside the workers',
      ours: `${ms(of(outside))} (server ${ms(of(round => round.ours.server))}, spawner ${ms(of(round => round.ours.spawner))})`,
      peer: `Express + multer to disk ${ms(of(round => round.theirs.each))}`,
      ratio: beside.toFixed(2),
      target: 'at most 1',
      met: beside <= 1,
    },
    {
      what: 'the same, uploads per second (client on the same cores)',
      ours: of(round => round.ours.perSecond).toFixed(0),
      peer: `Express + multer to disk ${of(round => round.theirs.perSecond).toFixed(0)}`,
      ratio: of(round => round.ours.perSecond / round.theirs.perSecond).toFixed(2),
      target: 'none: Express neither looks nor syncs',
      met: null,
    },
  ]
}
