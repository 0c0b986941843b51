// Starting and ending the real program, as the parts of ./accept need it.

import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const READY = /Tintype is ready: (http:\/\/\S+?)\/?( \(|$)/
const STOP_MS = 15_000

/** A folder that goes away when this process ends, however it ends by itself. */
export function scratch(name) {
  const folder = mkdtempSync(join(tmpdir(), `tintype-${name}-`))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The program under test: $TINTYPE_BIN. */
export function program() {
  const binary = process.env.TINTYPE_BIN
  if (!binary) throw new Error('TINTYPE_BIN is not set: name the built program, e.g. TINTYPE_BIN=target/release/tintype')
  return binary
}

/**
 * Runs a command that serves and waits for the line that says where. Gives `{ url, child, said, ended }`: `said` is all
 * output so far, `ended` a promise of the exit. `readyMs` bounds the wait.
 */
export async function start(command, args, { readyMs = 20_000, onError = () => {} } = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = []
  const ended = new Promise(resolve => child.once('close', (code, signal) => resolve({ code, signal })))
  // Whoever interrupts the acceptance does not leave a server behind.
  const kill = () => child.kill('SIGKILL')
  process.on('exit', kill)
  ended.then(() => process.off('exit', kill))
  child.stderr.on('data', chunk => {
    said.push(String(chunk))
    onError(chunk)
  })
  const url = await new Promise((resolve, reject) => {
    const fail = why => reject(new Error(`${command} ${why}\n${said.join('').slice(-4000)}`))
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      fail(`did not say within ${readyMs} ms that it is ready`)
    }, readyMs)
    child.once('error', error => fail(`could not be started: ${error.message}`))
    child.once('close', code => fail(`ended with status ${code} before it was ready`))
    createInterface(child.stdout).on('line', line => {
      const found = READY.exec(line.trim())?.[1]
      if (!found) return
      clearTimeout(timer)
      resolve(found)
    })
  })
  return { url, child, said, ended }
}

/** Starts the program on a data folder and a free port. */
export const serve = (data, ...flags) =>
  start(program(), ['serve', '--data', data, '--listen', '127.0.0.1:0', '--log-access', 'off', ...flags])

/** Ends a server as an operator would, and fails where it does not end cleanly. */
export async function stop(server) {
  const timer = setTimeout(() => server.child.kill('SIGKILL'), STOP_MS)
  server.child.kill('SIGTERM')
  const { code, signal } = await server.ended
  clearTimeout(timer)
  if (code !== 0) throw new Error(`the server ended with ${signal ?? `status ${code}`} when asked to stop\n${server.said.join('').slice(-4000)}`)
}

/**
 * `tintype check` on a stopped server's folder. Without grace, so that a file of an upload that was cut off is a finding
 * and not a file that is merely young.
 */
export function check(data) {
  const run = spawnSync(program(), ['check', '--json', '--data', data], {
    encoding: 'utf8',
    env: { ...process.env, TINTYPE_SWEEP_GRACE: '0' },
  })
  if (run.status !== 0) throw new Error(`tintype check ended with status ${run.status}\n${run.stdout}${run.stderr}`)
  return JSON.parse(run.stdout)
}

/** Runs the whole of a script: an error is its last words and status 1. */
export async function main(run) {
  // Through `exit`, so that servers and folders go too.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))
  try {
    await run()
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  }
}
