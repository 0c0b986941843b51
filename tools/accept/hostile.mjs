// Item 5: every hostile file is refused by a problem document or, where it decodes, becomes an image that is served.
// The server answers /health meanwhile, and nothing is left behind.
//
// node hostile.mjs [FOLDER]: FOLDER has what `write_files` of the test kit wrote.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { check, main, scratch, serve, stop } from './server.mjs'

const FIXTURES = process.env.TINTYPE_FIXTURES ?? join(import.meta.dirname, '../../../shared/fixtures')
const SENDERS = 4
const HEALTH_EVERY_MS = 100
const HEALTH_MS_MAX = 2_000

/** Files of a folder; a folder that is missing is skipped by name, and fails where CI is set. */
function files(folder, wanted = () => true) {
  const names = existsSync(folder) ? readdirSync(folder).filter(wanted).sort() : []
  if (names.length === 0) {
    if (process.env.CI) throw new Error(`${folder} has no files for this`)
    console.error(`skipped: ${folder} has no files for this`)
  }
  return names.map(name => ({ name, path: join(folder, name) }))
}

/** What the test kit says of its own files: name → whether they must be refused. */
function verdicts(folder) {
  const lines = readFileSync(join(folder, 'expect.tsv'), 'utf8').trim().split('\n')
  return new Map(lines.map(line => line.split('\t')))
}

/** Sends one file and gives what is wrong with the answer; undefined where nothing is. */
async function send(url, { path, refused }, counts) {
  const response = await fetch(`${url}/api/v1/images`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: readFileSync(path),
  })
  const text = await response.text()
  const type = response.headers.get('content-type')
  if (response.status === 201) {
    counts.accepted += 1
    if (refused) return '201, but no decoder should take it'
    const image = JSON.parse(text)
    const served = await fetch(url + new URL(image.links.image).pathname)
    const bytes = (await served.arrayBuffer()).byteLength
    return served.status === 200 && bytes === image.bytes ? undefined : `201, then served with ${served.status} and ${bytes} bytes`
  }
  counts.refused += 1
  if (response.status < 400 || response.status > 499) return `${response.status} ${text}`
  if (type !== 'application/problem+json') return `${response.status} as ${type}`
  const problem = JSON.parse(text)
  const whole = problem.status === response.status && problem.code && problem.detail && problem.request_id
  return whole ? undefined : `a problem document that says too little: ${text}`
}

/** Asks /health again and again; gives the longest wait in milliseconds. */
async function watch(url, isOver) {
  let longest = 0
  while (!isOver()) {
    const began = performance.now()
    const response = await fetch(`${url}/health`)
    await response.arrayBuffer()
    if (response.status !== 200) throw new Error(`/health answered ${response.status}`)
    longest = Math.max(longest, performance.now() - began)
    await new Promise(resolve => setTimeout(resolve, HEALTH_EVERY_MS))
  }
  return Math.round(longest)
}

function collect(generated) {
  const all = [
    ...files(join(FIXTURES, 'hostile')),
    ...files(join(FIXTURES, 'pngsuite'), name => /^x.*\.png$/.test(name)),
  ]
  if (!generated) return all
  const expected = verdicts(generated)
  const made = files(join(generated, 'hostile')).map(file => ({ ...file, refused: expected.get(file.name) === 'refused' }))
  return [...all, ...made]
}

await main(async () => {
  const all = collect(process.argv[2])
  const data = join(scratch('hostile'), 'data')
  const server = await serve(data)
  const counts = { accepted: 0, refused: 0 }
  const faults = []
  const queue = [...all]
  const sender = async () => {
    for (let file = queue.pop(); file; file = queue.pop()) {
      const fault = await send(server.url, file, counts).catch(error => `no answer (${error.cause?.message ?? error.message})`)
      if (fault) faults.push(`${file.path}: ${fault}`)
    }
  }
  let over = false
  const watching = watch(server.url, () => over)
  await Promise.all(Array.from({ length: SENDERS }, sender))
  over = true
  const longest = await watching
  await stop(server)
  const report = check(data)
  const staged = readdirSync(join(data, 'staging'))
  if (faults.length > 0) throw new Error(`${faults.length} of ${all.length} files:\n${faults.slice(0, 20).join('\n')}`)
  if (longest > HEALTH_MS_MAX) throw new Error(`/health took ${longest} ms meanwhile; the limit is ${HEALTH_MS_MAX} ms`)
  if (staged.length > 0) throw new Error(`staging holds ${staged.length} files: ${staged.slice(0, 5).join(', ')}`)
  if (report.blobs > counts.accepted) throw new Error(`${report.blobs} files are stored, but ${counts.accepted} were taken`)
  console.log(`${all.length} files: ${counts.refused} refused, ${counts.accepted} taken and served; /health within ${longest} ms; check is clean`)
})
