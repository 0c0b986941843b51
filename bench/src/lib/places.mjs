// Where things are.
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../../..')
export const work = join(root, 'bench/.work')
export const fixtures = process.env.TINTYPE_FIXTURES || resolve(root, '../shared/fixtures')

export function binary() {
  const path = process.env.BENCH_BINARY
  if (!path) throw new Error('BENCH_BINARY is not set; start this by bench/run')
  return path
}

// The program of SeaweedFS.
export function weed() {
  const path = process.env.TINTYPE_WEED
  if (!path) throw new Error('TINTYPE_WEED is not set; start this by bench/run')
  return path
}
