// Of several rounds the median counts: one round that something else disturbed does not move it.
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export const pause = millis => new Promise(done => setTimeout(done, millis))

export const say = text => process.stderr.write(`${text}\n`)

export const megabytes = bytes => (bytes / 1e6).toFixed(1)
