// What the kernel says about processes: CPU time spent and memory held, from /proc.
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

// CPU time in milliseconds: of the process itself (all its threads) and of the children it has waited for, with theirs.
// The kernel counts in nanoseconds and prints ticks of 10 ms, so take differences over seconds.
export function cpuOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  // The name in brackets may hold blanks; utime, stime, cutime and cstime are the 14th to 17th field (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ').map(Number)
  const millis = ticks => (ticks * 1000) / TICKS_PER_SECOND
  return { own: millis(fields[11] + fields[12]), waitedFor: millis(fields[13] + fields[14]) }
}

// The children of a process, by pid; the kernel lists them by the thread that started them.
export function childrenOf(pid) {
  const threads = readdirSync(`/proc/${pid}/task`)
  const listed = thread => readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1')
  return threads.flatMap(thread => listed(thread).split(' ').filter(Boolean).map(Number))
}

// A line of /proc/<pid>/status or smaps_rollup in kB, as bytes; 0 where the process has ended.
function kilobytes(file, key) {
  try {
    const line = readFileSync(file, 'latin1').match(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm'))
    return line ? Number(line[1]) * 1024 : 0
  } catch {
    return 0
  }
}

// Most memory that was ever resident, in bytes.
export const peakOf = pid => kilobytes(`/proc/${pid}/status`, 'VmHWM')
export const residentOf = pid => kilobytes(`/proc/${pid}/status`, 'VmRSS')
// Resident memory where a page that n processes share counts for a n-th in each.
export const proportionalOf = pid => kilobytes(`/proc/${pid}/smaps_rollup`, 'Pss')

// Bytes that the process has moved by read() and write() and their kin: files, not sockets.
export function fileBytesOf(pid) {
  const [, read, written] = readFileSync(`/proc/${pid}/io`, 'latin1').match(/rchar: (\d+)\nwchar: (\d+)/)
  return Number(read) + Number(written)
}
