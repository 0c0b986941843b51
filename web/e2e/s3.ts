import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, createHmac } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

import { freePort } from './support/port'

/** The key that the store knows, by the names under which the program reads them. */
export const KEYS = {
  AWS_ACCESS_KEY_ID: 'testkey',
  AWS_SECRET_ACCESS_KEY: 'testsecret',
  AWS_REGION: 'us-east-1',
} as const

const BUCKET = 'images'
const START_MS = 60_000
const ASK_AGAIN_MS = 50

/** A store with one empty bucket. */
export interface Store {
  /** Without a slash at the end. */
  endpoint: string
  bucket: string
  stop(): Promise<void>
  /** The origin whose pages the store's CORS rules let put files; null lets none. */
  allowOrigin(origin: string | null): Promise<void>
}

/** Where `weed` is: what TINTYPE_WEED names, else with the Python tools of the tests. */
function weed(): string | null {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const program = process.env.TINTYPE_WEED || join(cache, 'tintype/python/bin/weed')
  return existsSync(program) ? program : null
}

/** Starts SeaweedFS on an empty folder and free ports, reachable from this machine alone. Null where it is not there. */
export async function startStore(): Promise<Store | null> {
  const program = weed()
  if (program === null) {
    if (process.env.CI) throw new Error('SeaweedFS is not there, and nothing may be skipped here: set TINTYPE_WEED')
    return null
  }
  const folder = mkdtempSync(join(tmpdir(), 'tintype-e2e-s3-'))
  const s3 = await start(program, folder)
  const endpoint = `http://127.0.0.1:${s3.port}`
  const stop = async () => {
    await end(s3.child)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await until('its bucket', s3, async () => (await signed('HEAD', endpoint)).ok)
  } catch (error) {
    await stop()
    throw error
  }
  let allowed = 'https://anybody.invalid'
  return {
    endpoint,
    bucket: BUCKET,
    stop,
    async allowOrigin(origin) {
      const response = await signed('PUT', endpoint, 'cors', rules(origin ?? 'https://elsewhere.invalid'))
      if (!response.ok) throw new Error(`the store took no CORS rules: ${response.status} ${await response.text()}`)
      // Without rules it lets every origin; new ones may hold a moment later.
      const page = origin ?? allowed
      await until('its CORS rules', s3, async () => (await lets(endpoint, page)) === (origin !== null))
      allowed = page
    },
  }
}

interface Running {
  child: ChildProcess
  port: number
  said: string[]
}

/** Every port is named: those that are not would be the same for every store on this machine. */
async function start(program: string, folder: string): Promise<Running> {
  const identity = {
    name: 'tintype',
    credentials: [{ accessKey: KEYS.AWS_ACCESS_KEY_ID, secretKey: KEYS.AWS_SECRET_ACCESS_KEY }],
    actions: ['Admin', 'Read', 'Write', 'List', 'Tagging'],
  }
  const keys = join(folder, 's3.json')
  const data = join(folder, 'data')
  writeFileSync(keys, JSON.stringify({ identities: [identity] }))
  mkdirSync(data)
  const names = ['master', 'volume', 'filer', 's3', 'admin'].flatMap(name => [`${name}.port`, `${name}.port.grpc`])
  const ports: number[] = []
  for (const _ of names) ports.push(await freePort())
  const flags = [
    ...names.map((name, index) => `-${name}=${ports[index]}`),
    ...['-ip=127.0.0.1', '-ip.bind=127.0.0.1', `-dir=${data}`, `-s3.config=${keys}`, `-bucket=${BUCKET}`],
    ...['-s3.autoCreateBucket=false', '-s3.port.iceberg=0', '-s3.port.lance=0', '-webdav=false', '-admin.ui=false'],
    // By default it tells its makers that it runs.
    '-master.telemetry=false',
  ]
  const env = { ...process.env, HOME: folder }
  const child = spawn(program, ['mini', ...flags], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const said: string[] = []
  child.on('error', error => said.push(`${error.message}\n`))
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => said.push(String(chunk)))
  return { child, port: ports[names.indexOf('s3.port')] ?? 0, said }
}

async function until(what: string, { child, said }: Running, holds: () => Promise<boolean>): Promise<void> {
  const last = Date.now() + START_MS
  while (!(await holds().catch(() => false))) {
    const over = child.exitCode !== null || child.signalCode !== null || child.pid === undefined
    if (over || Date.now() > last) throw new Error(`the store did not show ${what}\n${said.join('')}`)
    await new Promise(resolve => setTimeout(resolve, ASK_AGAIN_MS))
  }
}

/** At once: nothing that is in it is wanted any more. */
function end(child: ChildProcess): Promise<void> {
  return new Promise(resolve => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGKILL')
  })
}

const rules = (origin: string) =>
  `<CORSConfiguration><CORSRule><AllowedOrigin>${origin}</AllowedOrigin><AllowedMethod>PUT</AllowedMethod>` +
  '<AllowedHeader>*</AllowedHeader><MaxAgeSeconds>0</MaxAgeSeconds></CORSRule></CORSConfiguration>'

/** Whether a page of that origin may put a file. */
export async function lets(endpoint: string, origin: string): Promise<boolean> {
  const response = await fetch(`${endpoint}/${BUCKET}/file`, {
    method: 'OPTIONS',
    headers: { Origin: origin, 'Access-Control-Request-Method': 'PUT' },
  })
  return response.ok && response.headers.get('access-control-allow-origin') === origin
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()

/** A request about the bucket, signed as AWS asks for it (Signature Version 4). `about` is a query such as `cors`. */
function signed(method: string, endpoint: string, about = '', body = ''): Promise<Response> {
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const date = time.slice(0, 8)
  const hash = sha256(body)
  const { host } = new URL(endpoint)
  const query = about && `${about}=`
  const names = 'host;x-amz-content-sha256;x-amz-date'
  const head = `host:${host}\nx-amz-content-sha256:${hash}\nx-amz-date:${time}\n`
  const request = [method, `/${BUCKET}`, query, head, names, hash].join('\n')
  const scope = [date, KEYS.AWS_REGION, 's3', 'aws4_request']
  const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(request)].join('\n')
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${KEYS.AWS_SECRET_ACCESS_KEY}`)
  const signature = hmac(key, text).toString('hex')
  const credential = `${KEYS.AWS_ACCESS_KEY_ID}/${scope.join('/')}`
  return fetch(`${endpoint}/${BUCKET}?${query}`, {
    method,
    headers: {
      Authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`,
      'x-amz-content-sha256': hash,
      'x-amz-date': time,
    },
    ...(body === '' ? {} : { body }),
  })
}
