// Prints what the first page and each later part weigh after gzip, and fails beyond the budget.
import { readdirSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const BUDGET = { firstJs: 130_000, lazyJs: 40_000, css: 12_000, page: 3_000 }
const ASSETS = 'dist/assets'

const gzip = name => gzipSync(readFileSync(`${ASSETS}/${name}`), { level: 9 }).length
const html = readFileSync('dist/index.html', 'utf8')
const files = readdirSync(ASSETS)
const first = name => html.includes(`/assets/${name}`)

const scripts = files.filter(name => name.endsWith('.js'))
const styles = files.filter(name => name.endsWith('.css') && name !== 'page.css')
const sum = names => names.reduce((total, name) => total + gzip(name), 0)

const rows = [
  ['first page, JavaScript', sum(scripts.filter(first)), BUDGET.firstJs],
  ...scripts.filter(name => !first(name)).map(name => [`later, ${name}`, gzip(name), BUDGET.lazyJs]),
  ['all CSS of the app', sum(styles), BUDGET.css],
  ['page.css', gzip('page.css'), BUDGET.page],
]
let over = false
for (const [what, bytes, limit] of rows) {
  const fits = bytes <= limit
  over ||= !fits
  console.log(`${fits ? 'ok  ' : 'OVER'} ${what}: ${bytes} of ${limit} bytes gzip`)
}
process.exit(over ? 1 : 0)
