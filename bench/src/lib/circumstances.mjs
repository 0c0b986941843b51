// What a figure is worth nothing without: the machine, the commit, the versions.
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { join } from 'node:path'

import { binary, root, weed } from './places.mjs'

function firstLine(command, ...args) {
  const { stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', cwd: root })
  if (error) throw new Error(`${command} is missing; 'tools/setup bench' installs it`)
  return `${stdout}\n${stderr}`.trim().split('\n')[0]
}

function commit() {
  if (process.env.BENCH_GIVEN) return 'unknown, the program was given by BENCH_BINARY'
  const id = firstLine('git', 'rev-parse', '--short=12', 'HEAD')
  const sources = ['crates', 'Cargo.toml', 'Cargo.lock', 'web']
  const args = ['status', '--porcelain', '--untracked-files=no', '--', ...sources]
  const changed = execFileSync('git', args, { cwd: root, encoding: 'utf8' })
  return `${id}${changed ? ' with changes that are not committed' : ''}, release build`
}

function peers() {
  const lock = JSON.parse(readFileSync(join(root, 'bench/peers/package-lock.json'), 'utf8'))
  return ['express', 'multer', '@aws-sdk/client-s3'].map(name => `${name} ${lock.packages[`node_modules/${name}`].version}`)
}

export function circumstances() {
  const system = readFileSync('/etc/os-release', 'utf8').match(/^PRETTY_NAME="(.*)"/m)?.[1]
  const machine = `${cpus().length} × ${cpus()[0].model}, ${Math.round(totalmem() / 2 ** 30)} GiB`
  const versions = [
    firstLine(binary(), '--version'),
    firstLine('nginx', '-v').replace('nginx version: ', ''),
    firstLine('wrk', '-v').replace(/ Copyright.*/, ''),
    `djpeg of ${firstLine('djpeg', '-version')}`,
    `Node ${process.version}`,
    ...peers(),
    `SeaweedFS ${firstLine(weed(), 'version').match(/ (\d+\.\d+) /)[1]}`,
  ]
  return [
    `- Machine: ${machine}, ${system}, Linux ${release()}; load average at the start ${loadavg()[0].toFixed(1)}`,
    `- Commit: ${commit()}; ${new Date().toISOString().slice(0, 10)}`,
    `- Versions: ${versions.join(', ')}`,
  ].join('\n')
}
