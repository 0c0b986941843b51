import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const READY = /Tintype is ready: (http:\/\/\S+?)\/?$/
const START_MS = 60_000

export interface Server {
  /** Without a slash at the end. */
  url: string
  /** Where it listens, which is not `url` where it was given another address to be known by. */
  address: string
  stop(): Promise<void>
}

/** Starts the real program on an empty folder and a free port, with further flags and variables. */
export async function startServer(
  flags: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const program = process.env.TINTYPE_BIN
  if (!program)
    throw new Error('TINTYPE_BIN is not set: name the built program, e.g. TINTYPE_BIN=../target/debug/tintype')
  const folder = mkdtempSync(join(tmpdir(), 'tintype-e2e-'))
  const child = spawn(program, ['serve', '--data', join(folder, 'data'), '--listen', '127.0.0.1:0', ...flags], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said: string[] = []
  child.stderr.on('data', chunk => said.push(String(chunk)))
  try {
    const url = await readiness(child, said)
    return {
      url,
      address: listening(folder),
      async stop() {
        await end(child)
        rmSync(folder, { recursive: true, force: true })
      },
    }
  } catch (error) {
    await end(child)
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

/** Scheme, host and port, as the lock of the server's folder names them. */
function listening(folder: string): string {
  const holder = readFileSync(join(folder, 'data/tintype.lock'), 'utf8')
  return `http://${holder.trim().split('listening on ')[1] ?? ''}`
}

function readiness(child: ChildProcess, said: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`the server ${why}\n${said.join('')}`))
    const timer = setTimeout(() => fail(`did not say that it is ready within ${START_MS} ms`), START_MS)
    child.on('error', error => fail(`could not be started: ${error.message}`))
    child.on('exit', code => fail(`ended with status ${code} before it was ready`))
    if (!child.stdout) return fail('has no output')
    // All of it is read, so that a talkative server never blocks.
    createInterface(child.stdout).on('line', line => {
      said.push(`${line}\n`)
      const url = READY.exec(line.trim())?.[1]
      if (!url) return
      clearTimeout(timer)
      resolve(url)
    })
  })
}

function end(child: ChildProcess): Promise<void> {
  return new Promise(resolve => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    child.kill('SIGTERM')
  })
}
