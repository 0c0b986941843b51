import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const START_MS = 60_000
const ASK_AGAIN_MS = 50

/** Whether nginx is there; where nothing may be skipped, it has to be. */
export function hasNginx(): boolean {
  const found = spawnSync('nginx', ['-v']).error === undefined
  if (!found && process.env.CI) throw new Error('nginx is not there, and nothing may be skipped here')
  return found
}

/** Starts nginx on a port with the lines of one `server` block. Returns what ends it. */
export async function startNginx(port: number, lines: string): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'tintype-e2e-nginx-'))
  mkdirSync(join(folder, 'temp'))
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(each => `${each}_temp_path temp/${each};`)
  const conf = `daemon off; master_process off; pid nginx.pid; error_log stderr;
events {}
http { access_log off; ${temp.join(' ')} server { listen 127.0.0.1:${port}; ${lines} } }`
  writeFileSync(join(folder, 'nginx.conf'), conf)
  const child = spawn('nginx', ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const said: string[] = []
  child.stderr.on('data', chunk => said.push(String(chunk)))
  const ended = new Promise(resolve => child.once('exit', resolve))
  const last = Date.now() + START_MS
  while (!(await answers(port))) {
    if (child.exitCode !== null || Date.now() > last) throw new Error(`nginx did not start\n${said.join('')}`)
    await new Promise(resolve => setTimeout(resolve, ASK_AGAIN_MS))
  }
  return async () => {
    child.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
}

async function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/`).then(
    () => true,
    () => false,
  )
}
