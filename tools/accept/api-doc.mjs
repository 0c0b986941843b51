// Item 3: every block of docs/api.md runs, and answers what the document says.
//
// node api-doc.mjs [--show]: --show prints each answer as it came.
//
// A block ```sh that begins with curl, tintype or NAME=$(… is run, all in one shell, in order. A block ```http behind it
// tells the answer of its last curl: the status line, headers (others may stand beside them) and, behind an empty line,
// perhaps the body. `…` stands for anything; spaces in a body do not matter.

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { png, random } from './pictures.mjs'
import { check, main, program, scratch, serve, stop } from './server.mjs'

const DOCUMENT = join(import.meta.dirname, '../../docs/api.md')
const FIXTURES = process.env.TINTYPE_FIXTURES ?? join(import.meta.dirname, '../../../shared/fixtures')
/** The one setting that the document's chapter on CORS asks for. */
const FLAGS = ['--server-cors-origins', 'https://app.example.org']
const BLOCK_MS = 20_000
const RUNS = /^(curl |tintype |[A-Z_]+=\$\((curl|tintype) )/

/** The blocks of a document: what to run, on which line it stands and what it should answer. */
function blocks(text) {
  const found = []
  let open
  text.split('\n').forEach((line, index) => {
    const fence = /^```(\w*)$/.exec(line)
    if (!fence) return open?.lines.push(line)
    if (!open) {
      open = { language: fence[1], line: index + 1, lines: [] }
      return
    }
    const body = open.lines.join('\n')
    if (open.language === 'sh' && RUNS.test(body)) found.push({ line: open.line, command: body, expected: undefined })
    if (open.language === 'http') {
      const last = found.at(-1)
      if (!last || last.expected !== undefined) throw new Error(`line ${open.line}: an answer without a command`)
      last.expected = body
    }
    open = undefined
  })
  return found
}

/** The pattern of a text in which `…` stands for anything. */
const pattern = text =>
  new RegExp(`^${text.split('…').map(part => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[\\s\\S]*?')}$`)

/** The last answer of a header dump: status line and headers. */
function answered(dump) {
  const head = dump.trim().split(/\r?\n\r?\n/).at(-1) ?? ''
  const [status = '', ...lines] = head.split(/\r?\n/)
  const headers = lines.map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()])
  return { status: status.trim(), headers }
}

/** What of an answer is not as the document says; undefined where all is. */
function mismatch(expected, dump, body) {
  const [head, ...rest] = expected.split('\n\n')
  const [status, ...wanted] = head.split('\n')
  const actual = answered(dump)
  if (!pattern(status.trim()).test(actual.status)) return `the status line is "${actual.status}", not "${status}"`
  for (const line of wanted) {
    const name = line.slice(0, line.indexOf(':')).toLowerCase()
    const value = line.slice(line.indexOf(':') + 1).trim()
    const values = actual.headers.filter(([each]) => each === name).map(([, text]) => text)
    if (!values.some(text => pattern(value).test(text)))
      return values.length === 0 ? `there is no header ${name}` : `the header ${name} is "${values.join('", "')}", not "${value}"`
  }
  const text = rest.join('\n\n')
  if (text && !pattern(text.replaceAll(/\s/g, '')).test(body.replaceAll(/\s/g, ''))) return `the body is\n${body}\nnot\n${text}`
  return undefined
}

/** One shell in which `curl` keeps the head and the body of its last answer. */
function shell(folder, environment) {
  const child = spawn('bash', ['--noprofile', '--norc'], { cwd: folder, env: environment, stdio: ['pipe', 'pipe', 'pipe'] })
  const errors = []
  child.stderr.on('data', chunk => errors.push(String(chunk)))
  const lines = createInterface(child.stdout)
  child.stdin.write(`set -o pipefail
curl() { command curl --silent --show-error --dump-header .head "$@" | tee .body; }
`)
  return {
    end: () => child.stdin.end(),
    run: command =>
      new Promise((done, fail) => {
        errors.length = 0
        const timer = setTimeout(() => fail(new Error(`no end within ${BLOCK_MS} ms`)), BLOCK_MS)
        const line = text => {
          const status = /^---- (\d+) ----$/.exec(text)?.[1]
          if (status === undefined) return
          clearTimeout(timer)
          lines.off('line', line)
          done({ status: Number(status), errors: errors.join('') })
        }
        lines.on('line', line)
        child.stdin.write(`: >.head; : >.body\n${command}\nprintf '\\n---- %s ----\\n' $?\n`)
      }),
  }
}

/** A photograph and two further pictures for the blocks that send several. */
function pictures(folder) {
  const photo = join(FIXTURES, 'photos/kodak-01.png')
  if (!existsSync(photo)) {
    if (process.env.CI) throw new Error(`${photo} is missing`)
    console.error(`skipped: ${photo} is missing; a picture made by code takes its place`)
    writeFileSync(join(folder, 'photo.png'), png(random(1), 768, 512))
  }
  writeFileSync(join(folder, 'two.png'), png(random(2), 96, 64))
  writeFileSync(join(folder, 'notes.txt'), 'These are words.\n')
  return existsSync(photo) ? resolve(photo) : join(folder, 'photo.png')
}

await main(async () => {
  const show = process.argv.includes('--show')
  const found = blocks(readFileSync(DOCUMENT, 'utf8'))
  if (found.length === 0) throw new Error(`${DOCUMENT} has no block to run`)
  const data = join(scratch('api'), 'data')
  const folder = mkdtempSync(join(dirname(data), 'work-'))
  const server = await serve(data, ...FLAGS)
  const environment = {
    ...process.env,
    PATH: `${dirname(resolve(program()))}${delimiter}${process.env.PATH}`,
    TINTYPE: server.url,
    TINTYPE_STORE_DATA: data,
    PHOTO: pictures(folder),
  }
  const bash = shell(folder, environment)
  for (const { line, command, expected } of found) {
    const { status, errors } = await bash.run(command).catch(error => ({ status: error.message, errors: '' }))
    const head = readFileSync(join(folder, '.head'), 'utf8')
    const body = readFileSync(join(folder, '.body'), 'utf8')
    if (show) console.log(`== line ${line}\n${command}\n${head}${body.slice(0, 2000)}\n`)
    const fault = status === 0 ? expected && mismatch(expected, head, body) : `ended with status ${status}: ${errors}`
    if (fault) throw new Error(`docs/api.md, line ${line}: ${fault}\n${command}\n${head}`)
  }
  bash.end()
  await stop(server)
  check(data)
  rmSync(folder, { recursive: true, force: true })
  const checked = found.filter(block => block.expected !== undefined).length
  console.log(`${found.length} blocks of docs/api.md run, ${checked} answers are as it says`)
})
