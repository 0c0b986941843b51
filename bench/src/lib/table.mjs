// The table, and its place in a document.
import { readFileSync, writeFileSync } from 'node:fs'

const BEGIN = '<!-- bench/run --write: begin -->'
const END = '<!-- bench/run --write: end -->'

const verdict = met => (met === null ? '' : met ? 'met' : '**missed**')

export const line = ({ what, ours, peer = '', ratio = '', target, met }) =>
  `| ${what} | ${ours} | ${peer} | ${ratio} | ${target} | ${verdict(met)} |`

export const table = rows =>
  ['| what | Tintype | beside | ratio | target | |', '|---|---|---|---|---|---|', ...rows.map(line)].join('\n')

// What the last column says, in a sentence, so that nobody has to look for it.
export function verdicts(rows) {
  const bound = rows.filter(({ met }) => met !== null)
  const missed = bound.filter(({ met }) => !met).map(({ what, ratio, ours }) => `${what}: ${ratio || ours}`)
  if (!missed.length) return `All ${bound.length} targets are met in this run.`
  return `Missed in this run, ${missed.length} of ${bound.length} targets:\n\n${missed.map(text => `- ${text}`).join('\n')}`
}

// Where the table goes: the text before it and the text behind it.
function around(path) {
  const document = readFileSync(path, 'utf8')
  const [from, to] = [document.indexOf(BEGIN), document.indexOf(END)]
  if (from < 0 || to < from) throw new Error(`${path} has no lines '${BEGIN}' and '${END}' to write between`)
  return [document.slice(0, from + BEGIN.length), document.slice(to)]
}

// Throws where nothing could be written, to be asked before minutes of measuring.
export const checkPlace = path => void around(path)

// Replaces what stands between the two markers and nothing else.
export function write(path, text) {
  const [before, behind] = around(path)
  writeFileSync(path, `${before}\n${text}${behind}`)
}
