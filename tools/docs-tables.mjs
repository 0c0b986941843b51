// Whether the tables of the documents are those of the program: every setting in docs/configure.md, every error code in
// docs/api.md, every event of the log in docs/logs.md. Needs no build; prints what differs and ends with status 1.
//
// node tools/docs-tables.mjs [--write]: --write puts the program's settings into docs/configure.md.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const read = path => readFileSync(join(ROOT, path), 'utf8')

const STATUS = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  NOT_ACCEPTABLE: 406,
  REQUEST_TIMEOUT: 408,
  CONFLICT: 409,
  GONE: 410,
  LENGTH_REQUIRED: 411,
  PRECONDITION_FAILED: 412,
  PAYLOAD_TOO_LARGE: 413,
  URI_TOO_LONG: 414,
  UNSUPPORTED_MEDIA_TYPE: 415,
  RANGE_NOT_SATISFIABLE: 416,
  UNPROCESSABLE_ENTITY: 422,
  TOO_MANY_REQUESTS: 429,
  INTERNAL_SERVER_ERROR: 500,
  NOT_IMPLEMENTED: 501,
  SERVICE_UNAVAILABLE: 503,
  INSUFFICIENT_STORAGE: 507,
}

/** The rows of the settings' table, as the document has to have them. */
function settings() {
  const source = read('crates/tintype/src/settings/table.rs')
  const entry = /setting!\(\s*"([a-z_.]+)",\s*(?:short "([a-z-]+)",\s*)?(?:sample "[^"]*",\s*)?"([^"]*)",\s*"([^"]*)"/g
  return [...source.matchAll(entry)].map(([, name, short, value, help]) => {
    const variable = `TINTYPE_${name.replaceAll('.', '_').toUpperCase()}`
    const flag = `--${short ?? name.replaceAll(/[._]/g, '-')}`
    return `| \`${name}\` | \`${variable}\` | \`${flag}\` | ${value} | ${help} |`
  })
}

/** Status and code of every problem, as the document has to begin its rows. */
function codes() {
  const source = read('crates/tintype-http/src/problem.rs')
  const list = source.slice(source.indexOf('\ncodes! {'))
  const entry = /\w+ =\s*"([a-z_]+)",\s*([A-Z_]+),\s*"/g
  const end = list.indexOf('\n}\n')
  return [...list.slice(0, end).matchAll(entry)].map(([, code, status]) => {
    if (!STATUS[status]) throw new Error(`tools/docs-tables.mjs does not know the status ${status}`)
    return `| ${STATUS[status]} | \`${code}\` |`
  })
}

/** Level and message of every event that the program logs, as docs/logs.md has to begin its rows. */
function events() {
  const found = new Set()
  const walk = folder =>
    readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap(entry =>
      entry.isDirectory() ? walk(join(folder, entry.name)) : [join(folder, entry.name)],
    )
  const sources = ['app', 'blob', 'catalog', 'http', 'image', 'sandbox'].map(name => `crates/tintype-${name}/src`)
  for (const path of [...sources, 'crates/tintype/src'].flatMap(walk).filter(name => name.endsWith('.rs'))) {
    const source = read(path).split('#[cfg(test)]')[0]
    for (const call of source.matchAll(/\b(error|warn|info)!\(/g)) {
      // The message is the last text of the call.
      let texts = []
      let depth = 1
      for (let at = call.index + call[0].length; depth > 0; at += 1) {
        if (source[at] === '"') {
          const text = /"((?:[^"\\]|\\[^])*)"/y
          text.lastIndex = at
          const [whole, inside] = text.exec(source)
          texts.push(inside.replaceAll(/\\\n\s*/g, '').replaceAll('\\"', '"'))
          at += whole.length - 1
        } else if (source[at] === '(') depth += 1
        else if (source[at] === ')') depth -= 1
      }
      found.add(`| ${call[1]} | ${texts.at(-1)} |`)
    }
  }
  return [...found]
}

/** Rows of a document's table whose first cell is like `like`. */
const rows = (path, like) => read(path).split('\n').filter(line => like.test(line))

function differences(path, expected, actual) {
  const missing = expected.filter(row => !actual.includes(row)).map(row => `${path} lacks: ${row}`)
  const strange = actual.filter(row => !expected.includes(row)).map(row => `${path} has, and the program has not: ${row}`)
  return [...missing, ...strange]
}

function writeSettings(path) {
  const text = read(path)
  const table = /(?:^\| `[a-z]+\.[a-z_]+` .*\n)+/m
  if (!table.test(text)) throw new Error(`${path} has no table of settings to replace`)
  writeFileSync(join(ROOT, path), text.replace(table, () => `${settings().join('\n')}\n`))
}

if (process.argv.includes('--write')) writeSettings('docs/configure.md')
if (settings().length === 0 || codes().length === 0) throw new Error('the program’s tables were not found in its source')
const documented = rows('docs/api.md', /^\| \d{3} \| `[a-z_]+` \|/).map(row => row.split('|').slice(0, 3).join('|') + '|')
const logged = rows('docs/logs.md', /^\| (?:error|warn|info) \|/).map(row => row.split(' |').slice(0, 2).join(' |') + ' |')
const found = [
  ...differences('docs/configure.md', settings(), rows('docs/configure.md', /^\| `[a-z]+\.[a-z_]+` \|/)),
  ...differences('docs/api.md', codes(), documented),
  ...differences('docs/logs.md', events(), logged),
]
console.log(found.length === 0 ? `${settings().length} settings, ${codes().length} codes and ${events().length} events of the log are documented` : found.join('\n'))
process.exitCode = found.length === 0 ? 0 : 1
