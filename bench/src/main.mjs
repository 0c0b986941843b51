// Measures the cells that are named (all, without names), prints a table, and with --write puts it into
// docs/performance.md.
import { cpus } from 'node:os'
import { join } from 'node:path'

import { memory } from './cells/memory.mjs'
import { page } from './cells/page.mjs'
import { serving } from './cells/serving.mjs'
import { start } from './cells/start.mjs'
import { storeFirstByte } from './cells/store/first-byte.mjs'
import { storeMemory } from './cells/store/memory.mjs'
import { storeServing } from './cells/store/serving.mjs'
import { storeUpload } from './cells/store/upload.mjs'
import { certificate, tls } from './cells/tls.mjs'
import { upload } from './cells/upload.mjs'
import { circumstances } from './lib/circumstances.mjs'
import { root } from './lib/places.mjs'
import { cleanUp } from './lib/servers.mjs'
import { say } from './lib/stats.mjs'
import { checkPlace, line, table, verdicts, write } from './lib/table.mjs'

const DOCUMENT = join(root, 'docs/performance.md')
const STORE = {
  'store-upload': storeUpload,
  'store-memory': storeMemory,
  'store-serving': storeServing,
  'store-first-byte': storeFirstByte,
}
const CELLS = { serving, tls, certificate, upload, memory, start, ...STORE, page }
// Several by one name.
const GROUPS = { store: Object.keys(STORE) }

function chosen(args) {
  const names = args.filter(arg => arg !== '--write').flatMap(name => GROUPS[name] ?? name)
  const unknown = names.find(name => !(name in CELLS))
  const known = [...Object.keys(CELLS), ...Object.keys(GROUPS)]
  if (unknown) throw new Error(`there is no cell '${unknown}'; there are ${known.join(', ')}`)
  if (names.length && args.includes('--write')) throw new Error('--write needs all cells: name none')
  return names.length ? names : Object.keys(CELLS)
}

try {
  const names = chosen(process.argv.slice(2))
  if (cpus().length < 2) throw new Error('two cores are needed: one for the server, one for the load')
  const writes = process.argv.includes('--write')
  if (writes) checkPlace(DOCUMENT)
  const text = circumstances()
  const rows = []
  for (const name of names) {
    say(`${name}:`)
    rows.push(...(await CELLS[name](row => say(line(row)))))
  }
  const whole = `${text}\n\n${table(rows)}\n\n${verdicts(rows)}\n`
  process.stdout.write(whole)
  if (writes) write(DOCUMENT, whole)
  cleanUp()
} catch (error) {
  say(`bench: ${error.message}`)
  process.exit(1)
}
process.exit(0)
