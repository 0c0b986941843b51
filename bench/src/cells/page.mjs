// What a browser fetches of JavaScript for the first page, by the web app's own check.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

import { root } from '../lib/places.mjs'

export function page(note) {
  const args = ['--silent', '--prefix', join(root, 'web'), 'run', 'size']
  const text = execFileSync('npm', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  const [, bytes, limit] = text.match(/first page, JavaScript: (\d+) of (\d+) bytes gzip/)
  const row = {
    what: 'JavaScript of the first page, gzip',
    ours: `${(bytes / 1000).toFixed(1)} kB`,
    target: `at most ${limit / 1000} kB`,
    met: Number(bytes) <= Number(limit),
  }
  note(row)
  return [row]
}
