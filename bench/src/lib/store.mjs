// The object storage that Tintype and its peer keep pictures in: SeaweedFS, all of its parts in one process.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'

import { root, weed } from './places.mjs'
import { freePort, fresh, launch, readyLine, stop } from './servers.mjs'
import { pause } from './stats.mjs'

const BUCKET = 'images'
const READY_MILLIS = 60_000
const IDENTITY = { accessKey: 'benchkey', secretKey: 'benchsecret' }
const ACTIONS = ['Admin', 'Read', 'Write', 'List', 'Tagging']
// The parts that listen, each on a port of its own.
const PARTS = ['master', 'volume', 'filer', 's3', 'admin'].flatMap(part => [`${part}.port`, `${part}.port.grpc`])
const OFF = [
  's3.port.iceberg=0', 's3.port.lance=0', 's3.autoCreateBucket=false', 'webdav=false', 'admin.ui=false',
  'master.telemetry=false',
]

const credentials = { AWS_ACCESS_KEY_ID: IDENTITY.accessKey, AWS_SECRET_ACCESS_KEY: IDENTITY.secretKey }

// The status of the answer; 0 without any.
const statusOf = url => new Promise(done => {
  const answered = response => response.resume().on('end', () => done(response.statusCode))
  get(url, { agent: false }, answered).on('error', () => done(0))
})

// SeaweedFS on an empty folder, with one bucket. As it comes: it syncs nothing. `settings(prefix)` is the environment that
// has Tintype keep its originals below that prefix.
export async function seaweed() {
  const folder = fresh('seaweed')
  mkdirSync(join(folder, 'data'), { recursive: true })
  const users = join(folder, 's3.json')
  writeFileSync(users, JSON.stringify({ identities: [{ name: 'bench', credentials: [IDENTITY], actions: ACTIONS }] }))
  // All at once, so that none is found twice.
  const ports = Object.fromEntries((await Promise.all(PARTS.map(freePort))).map((port, index) => [PARTS[index], port]))
  const args = [`dir=${folder}/data`, `s3.config=${users}`, `bucket=${BUCKET}`, 'ip=127.0.0.1', 'ip.bind=127.0.0.1',
    ...Object.entries(ports).map(([part, port]) => `${part}=${port}`), ...OFF]
  const process = launch('seaweed', weed(), ['mini', ...args.map(arg => `-${arg}`)], { env: { HOME: folder } })
  const origin = `http://127.0.0.1:${ports['s3.port']}`
  // The door for S3 opens before the bucket is made, and remembers what was not there.
  await answers(process, `http://127.0.0.1:${ports['filer.port']}/buckets/${BUCKET}/`, 200)
  await answers(process, `${origin}/`, 403)
  const settings = prefix => ({
    ...credentials, AWS_REGION: 'us-east-1', S3_BUCKET: BUCKET, ENDPOINT: origin, TINTYPE_STORE_PREFIX: prefix,
  })
  // What it held goes with it: a few gigabytes.
  const end = async () => {
    await stop(process, 'SIGKILL')
    rmSync(folder, { recursive: true })
  }
  return { ...process, origin, bucket: BUCKET, settings, stop: end }
}

async function answers({ child, log }, url, status) {
  for (const end = Date.now() + READY_MILLIS; Date.now() < end && child.exitCode === null; await pause(50)) {
    if ((await statusOf(url)) === status) return
  }
  throw new Error(`SeaweedFS did not get ready; see ${log}`)
}

// Express with multer and the AWS SDK, which keeps pictures in the same bucket.
export async function expressToStore(engine) {
  const args = [join(root, 'bench/peers/express-s3/server.mjs'), engine.origin, engine.bucket]
  const process = launch('express-s3', 'node', args, { env: credentials })
  const address = await readyLine(process, /^ready (\S+)/m)
  return { ...process, address, stop: () => stop(process) }
}
