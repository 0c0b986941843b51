import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { KEYS, lets, startStore } from './s3'
import { photos } from './support/files'
import { freePort } from './support/port'
import { expect, test } from './support/test'

const BLOCK_MS = 120_000

interface Block {
  language: string
  text: string
}

/** The blocks under the heading of docs/storage.md that says step by step. */
function blocks(): Block[] {
  const path = fileURLToPath(new URL('../../docs/storage.md', import.meta.url))
  const section = readFileSync(path, 'utf8').split('\n### Step by step')[1] ?? ''
  return [...section.matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(([, language = '', text = '']) => ({ language, text }))
}

/** Where the client of AWS is: with the Python tools of the tests. */
function clientOfAws(): string | null {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const folder = join(cache, 'tintype/python/bin')
  return existsSync(join(folder, 'aws')) ? folder : null
}

/** A shell that is given one block after the other. */
class Shell {
  private said = ''
  private readonly child: ChildProcess

  constructor(folder: string, env: Record<string, string>) {
    this.child = spawn('bash', ['-euo', 'pipefail'], {
      cwd: folder,
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
      // A group of its own, so that what a block leaves running ends with it.
      detached: true,
    })
    // A shell that ended takes no more; `run` says so.
    this.child.stdin?.on('error', () => {})
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', chunk => {
        this.said += String(chunk)
      })
    }
  }

  /** Runs a block to its end and answers what it said. */
  async run(block: string): Promise<string> {
    const from = this.said.length
    this.child.stdin?.write(`${block}\necho "[done]"\n`)
    const last = Date.now() + BLOCK_MS
    while (!this.said.slice(from).includes('[done]')) {
      const over = this.child.exitCode !== null || Date.now() > last
      if (over) throw new Error(`the block\n${block}\nended with ${this.child.exitCode}:\n${this.said.slice(from)}`)
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    return this.said.slice(from)
  }

  async end(): Promise<void> {
    if (this.child.exitCode === null) {
      this.child.stdin?.end('kill $server; wait $server || true\n')
      await new Promise(resolve => this.child.once('exit', resolve))
    }
    try {
      if (this.child.pid) process.kill(-this.child.pid, 'SIGKILL')
    } catch {
      // Nothing of it is left.
    }
  }
}

/** A website: one page at an origin of its own. */
async function website(page: string): Promise<{ origin: string; close(): void }> {
  const server = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end(page))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${port}`, close: () => server.close() }
}

async function hashOf(link: string): Promise<string> {
  const reply = await fetch(link)
  expect(reply.status).toBe(200)
  return createHash('sha256')
    .update(new Uint8Array(await reply.arrayBuffer()))
    .digest('hex')
}

test('docs/storage.md leads from a folder to a bucket', async ({ browser }) => {
  test.setTimeout(300_000)
  const aws = clientOfAws()
  const store = aws === null ? null : await startStore()
  if ((aws === null || store === null) && process.env.CI) throw new Error('the client of AWS or SeaweedFS is missing')
  test.skip(aws === null || store === null, 'docs/storage.md needs SeaweedFS and the client of AWS')
  if (aws === null || store === null) return
  const folder = mkdtempSync(join(tmpdir(), 'tintype-e2e-doc-'))
  const pictures = join(folder, 'pictures')
  mkdirSync(pictures)
  const [extra, ...files] = photos(5)
  for (const { name, buffer } of files) writeFileSync(join(pictures, name), buffer)
  const steps = blocks()
  expect(steps.map(step => step.language)).toEqual(['sh', 'sh', 'sh', 'sh', 'html', 'sh'])
  const site = await website(steps.find(step => step.language === 'html')?.text ?? '')
  const address = `127.0.0.1:${await freePort()}`
  const shell = new Shell(folder, {
    ...KEYS,
    PATH: [dirname(resolve(process.env.TINTYPE_BIN ?? '')), aws, process.env.PATH ?? ''].join(delimiter),
    HOME: folder,
    TINTYPE: `http://${address}`,
    TINTYPE_SERVER_LISTEN: address,
    PICTURES: pictures,
    BUCKET: store.bucket,
    S3: store.endpoint,
    ORIGIN: site.origin,
  })
  try {
    let sent = { link: '', hash: '' }
    for (const { language, text } of steps) {
      if (language === 'sh') {
        await shell.run(text)
        continue
      }
      if (!extra) continue
      const page = await (await browser.newContext()).newPage()
      const puts: string[] = []
      page.on('request', request => {
        if (request.method() === 'PUT') puts.push(new URL(request.url()).origin)
      })
      await page.goto(`${site.origin}/?api=http://${address}`)
      await page.locator('input').setInputFiles([extra])
      await expect(page.locator('p')).toHaveText(/^http.*\/i\//)
      expect(puts).toEqual([store.endpoint])
      const link = (await page.locator('p').textContent()) ?? ''
      sent = { link, hash: await hashOf(link) }
      // The rules let that website in, and no other.
      expect(await lets(store.endpoint, site.origin)).toBe(true)
      expect(await lets(store.endpoint, 'https://elsewhere.invalid')).toBe(false)
      await page.context().close()
    }
    // Every picture was compared, and the one that came from the website outlasted the disk as well.
    expect(readFileSync(join(folder, 'before.txt'), 'utf8').trim().split('\n')).toHaveLength(files.length)
    expect(await hashOf(sent.link)).toBe(sent.hash)
  } finally {
    await shell.end()
    site.close()
    await store.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})
