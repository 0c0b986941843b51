// Uploads of photographs: CPU time each, Tintype's split by process, Express with multer in turn, and what djpeg needs to
// decode the same files.
import { execFileSync } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'

import { Client } from '../lib/client.mjs'
import { uploads } from '../lib/images.mjs'
import { cpuOf } from '../lib/proc.mjs'
import { express, fresh } from '../lib/servers.mjs'
import { median, say } from '../lib/stats.mjs'
import { AT_ONCE, inMemory, outside, rounded, timed, tintypeRound, total } from '../lib/uploading.mjs'

const ROUNDS = 5
const PICTURES = 100
const WARM_UP = 8

async function expressRound(server, client, pictures) {
  const spent = await timed(() => ({ each: cpuOf(server.pid).own }), pictures, some => client.uploadAll('/upload', some))
  for (const name of readdirSync(server.folder)) rmSync(join(server.folder, name))
  return spent
}

// As many at a time as there are cores, as Tintype's workers run: a busy neighbour core makes decoding dearer.
function djpegRound(paths) {
  const before = cpuOf('self').waitedFor
  const args = ['-0', '-P', String(cpus().length), '-n', '1', 'djpeg', '-outfile', '/dev/null']
  execFileSync('xargs', args, { input: paths.join('\0') })
  return (cpuOf('self').waitedFor - before) / paths.length
}

export async function upload(note) {
  const { quality, paths } = uploads(PICTURES + WARM_UP)
  const all = inMemory(paths)
  const [warmUp, pictures] = [all.slice(0, WARM_UP), all.slice(WARM_UP)]
  const bytes = pictures.reduce((sum, picture) => sum + picture.bytes.length, 0) / PICTURES
  say(`  ${PICTURES} JPEGs of 2800 × 2100, quality ${quality}, ${Math.round(bytes)} bytes on average`)
  const peer = await express()
  const peerClient = new Client(peer.address, AT_ONCE)
  // Node compiles what runs often: give it a whole round to do so.
  await expressRound(peer, peerClient, pictures)
  const rounds = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const ours = await tintypeRound(fresh('data-upload'), warmUp, pictures)
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
  const whole = of(({ ours, djpeg }) => total(ours) / djpeg)
  const beside = of(({ ours, theirs }) => outside(ours) / theirs.each)
  const ms = value => `${value.toFixed(2)} ms`
  return [
    {
      what: 'upload of a 1.9 MB JPEG, 8 at a time: CPU in all',
      ours: `${ms(of(({ ours }) => total(ours)))} (workers ${ms(of(round => round.ours.workers))})`,
      peer: `one full djpeg ${ms(of(round => round.djpeg))}`,
      ratio: whole.toFixed(2),
      target: 'at most 1.3',
      met: whole <= 1.3,
    },
    {
      what: 'the same, CPU outside the workers',
      ours: `${ms(of(({ ours }) => outside(ours)))} (server ${ms(of(round => round.ours.server))}, spawner ${ms(of(round => round.ours.spawner))})`,
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
