// Reading as fast as it goes: wrk on one core, the server on the other, two servers in turn.
import { execFileSync } from 'node:child_process'

import { cpuOf } from './proc.mjs'
import { median } from './stats.mjs'

const SECONDS = Number(process.env.BENCH_SECONDS || 5)
export const SERVER_CORE = '0'
export const LOAD_CORE = '1'
// What a row says where the rounds were shortened.
export const SHORTENED = SECONDS === 5 ? '' : ` (rounds of ${SECONDS} s)`

// One round: requests answered per second of CPU that the process spent on them.
function load({ pid, url }, seconds) {
  const before = cpuOf(pid).own
  const text = execFileSync('taskset', ['-c', LOAD_CORE, 'wrk', '-t1', '-c32', `-d${seconds}s`, url], { encoding: 'utf8' })
  const cpu = cpuOf(pid).own - before
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(`${url} was not answered as it should be:\n${text}`)
  const requests = Number(text.match(/(\d+) requests in/)[1])
  return (requests * 1000) / cpu
}

// Two servers, each { pid, url }, in turn: what each is said to do, and the median of the rounds' ratios. Each ratio is of
// neighbours, so that what slows the machine for a while slows both.
export function beside(ours, theirs, rounds = 5) {
  load(ours, 1)
  load(theirs, 1)
  const pairs = Array.from({ length: rounds }, () => [load(ours, SECONDS), load(theirs, SECONDS)])
  const said = index => {
    const rate = median(pairs.map(pair => pair[index]))
    return `${Math.round(rate)} (${(1e6 / rate).toFixed(1)} µs each)`
  }
  return { ours: said(0), theirs: said(1), ratio: median(pairs.map(([our, their]) => our / their)) }
}

// What HTTPS adds to a request, beside what it adds to the same of another server. Each is { pid, plain, secure }, the last
// two addresses. Four rounds in turn, in each place of the median.
export function added(ours, theirs, rounds = 5) {
  const servers = [ours, theirs]
  const micros = (pid, url, seconds = SECONDS) => 1e6 / load({ pid, url }, seconds)
  servers.forEach(({ pid, plain, secure }) => [plain, secure].forEach(url => micros(pid, url, 1)))
  const all = Array.from({ length: rounds }, () =>
    servers.map(({ pid, plain, secure }) => {
      const without = micros(pid, plain)
      return { without, more: micros(pid, secure) - without }
    }),
  )
  const said = index => {
    const of = key => median(all.map(round => round[index][key])).toFixed(1)
    return `${of('more')} µs beside ${of('without')} without`
  }
  return { ours: said(0), theirs: said(1), ratio: median(all.map(([our, their]) => our.more / their.more)) }
}
