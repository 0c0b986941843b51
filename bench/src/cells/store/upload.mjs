// Uploads into a bucket: straight to it, through the server, and by Express with multer and the AWS SDK, in turn.
import { execFileSync } from 'node:child_process'

import { Client } from '../../lib/client.mjs'
import { small, uploads } from '../../lib/images.mjs'
import { cpuOf, fileBytesOf } from '../../lib/proc.mjs'
import { fresh, tintype } from '../../lib/servers.mjs'
import { median, say } from '../../lib/stats.mjs'
import { expressToStore, seaweed } from '../../lib/store.mjs'
import { AT_ONCE, inMemory, outside, ROUTE, rounded, timed, tintypeRound, total } from '../../lib/uploading.mjs'

const ROUNDS = 5
const WARM_UP = 8
const KINDS = [
  { label: '1.9 MB', paths: () => uploads(60 + WARM_UP).paths, splits: true },
  { label: '100 KB', paths: () => small(200 + WARM_UP), splits: false },
]
// What the server may read and write of files while others send theirs to the bucket: its database and its log.
const PASSED_BYTES_MAX = 1 << 20
const WAYS = {
  direct: (client, pictures) => client.directAll(pictures),
  through: (client, pictures) => client.uploadAll(ROUTE, pictures),
}

// Files go to the bucket one by one after all were announced, and are published after all were sent: meanwhile the server
// has nothing to do with them.
async function provePassing(engine, name, pictures) {
  const server = await tintype(fresh('data-store-upload'), { env: engine.settings(`proof-${name}`) })
  const client = new Client(server.address, AT_ONCE)
  const begun = await client.each(pictures, picture => client.begin(picture))
  const look = () => ({ bytes: fileBytesOf(server.pid), cpu: cpuOf(server.pid).own })
  const before = look()
  await client.each(pictures, picture => client.put(begun[pictures.indexOf(picture)], picture))
  const after = look()
  await client.each(begun, one => client.complete(one))
  client.close()
  await server.stop()
  const sent = pictures.reduce((sum, picture) => sum + picture.bytes.length, 0)
  const [bytes, cpu] = [after.bytes - before.bytes, after.cpu - before.cpu]
  say(`  while ${sent} bytes went to the bucket, the server moved ${bytes} bytes of files and spent ${cpu} ms of CPU`)
  if (bytes > PASSED_BYTES_MAX) throw new Error('the server had to do with files that went straight to the bucket')
}

// What was written before is on the disk first, so that nobody's syncs wait for it.
async function ourRound(engine, way, name, warmUp, pictures) {
  execFileSync('sync')
  const look = () => ({ store: cpuOf(engine.pid).own })
  const options = { env: engine.settings(`${way}-${name}`), look, send: WAYS[way] }
  return tintypeRound(fresh('data-store-upload'), warmUp, pictures, options)
}

async function theirRound(engine, peer, client, pictures) {
  execFileSync('sync')
  const look = () => ({ each: cpuOf(peer.pid).own, store: cpuOf(engine.pid).own })
  return timed(look, pictures, some => client.uploadAll('/upload', some))
}

async function measure(engine, { label, paths }) {
  const all = inMemory(paths())
  const [warmUp, pictures] = [all.slice(0, WARM_UP), all.slice(WARM_UP)]
  const bytes = pictures.reduce((sum, picture) => sum + picture.bytes.length, 0) / pictures.length
  say(`  ${pictures.length} JPEGs of ${Math.round(bytes)} bytes on average`)
  // A part of the bucket belongs to one catalogue, so each has a name of its own.
  const name = label.replace(/\W+/g, '-')
  await provePassing(engine, name, warmUp)
  const peer = await expressToStore(engine)
  const client = new Client(peer.address, AT_ONCE)
  // Node compiles what runs often: give it a whole round to do so.
  await theirRound(engine, peer, client, pictures)
  const rounds = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const direct = await ourRound(engine, 'direct', `${name}-${round}`, warmUp, pictures)
    const through = await ourRound(engine, 'through', `${name}-${round}`, warmUp, pictures)
    const theirs = await theirRound(engine, peer, client, pictures)
    rounds.push({ direct, through, theirs })
    say(`  round ${round + 1}, ms of CPU each: ${JSON.stringify(rounds.at(-1), rounded)}`)
  }
  client.close()
  await peer.stop()
  return { label, rounds }
}

export async function storeUpload(note) {
  const engine = await seaweed()
  const made = []
  for (const kind of KINDS) {
    const { label, rounds } = await measure(engine, kind)
    const rows = [...(kind.splits ? split(label, rounds) : []), ...rates(label, rounds)]
    rows.forEach(note)
    made.push(...rows)
  }
  await engine.stop()
  return made
}

const ms = value => `${value.toFixed(2)} ms`

// What it costs to send files straight to the bucket, beside sending them through the server.
function split(label, rounds) {
  const of = pick => median(rounds.map(pick))
  const row = (what, part, target) => {
    const ratio = of(({ direct, through }) => part(direct) / part(through))
    return {
      what,
      ours: ms(of(({ direct }) => part(direct))),
      peer: `through the server ${ms(of(({ through }) => part(through)))}`,
      ratio: ratio.toFixed(2),
      target: target ? `at most ${target}` : 'stated',
      met: target ? ratio <= target : null,
    }
  }
  return [
    row(`upload of a ${label} JPEG straight to a bucket, 8 at a time: CPU in all`, total, 1),
    row('upload straight to a bucket: CPU outside the workers', outside, 0.7),
    row("upload straight to a bucket: SeaweedFS's CPU", ({ store }) => store, null),
  ]
}

function rates(label, rounds) {
  const of = pick => median(rounds.map(pick))
  const theirRate = of(({ theirs }) => theirs.perSecond).toFixed(0)
  const theirCpu = ms(of(({ theirs }) => theirs.each))
  return [['through', 'through the server'], ['direct', 'straight']].map(([way, words]) => {
    const rate = of(round => round[way].perSecond / round.theirs.perSecond)
    const cpu = of(round => total(round[way]) / round.theirs.each)
    const [whole, part] = [total, outside].map(spent => ms(of(round => spent(round[way]))))
    return {
      what: `uploads per second of a ${label} JPEG into a bucket, ${words} (client and SeaweedFS on the same cores)`,
      ours: `${of(round => round[way].perSecond).toFixed(0)} (${whole} of CPU each, ${part} outside the workers)`,
      peer: `Express + multer + AWS SDK ${theirRate} (${theirCpu} of CPU each)`,
      ratio: `${rate.toFixed(2)}, CPU ${cpu.toFixed(2)}`,
      target: 'at least 2, CPU below 1',
      met: rate >= 2 && cpu < 1,
    }
  })
}
