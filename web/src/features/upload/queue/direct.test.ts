import { beforeEach, describe, expect, it, vi } from 'vitest'
import { anImage } from '../../../api/testing'
import { DirectTransport } from './direct'
import { UploadQueue } from './queue'
import { aJpeg, FakeSurroundings, FakeTransport, FakeXhr, noted, progress, settle } from './testing'

type Answer = () => Response | Promise<Response>

const json = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers })
const begun = (uploadId: string) => ({
  uploadId,
  key: `incoming/${uploadId}`,
  uploadURL: `https://store.example/images/${uploadId}?X-Amz-Signature=5`,
  method: 'PUT',
  headers: { 'Content-Type': 'application/octet-stream', 'x-amz-checksum-sha256': 'c=' },
  expiresAt: '2026-11-21T20:10:00Z',
})
const image = JSON.stringify(anImage('a'))
const noAnswer: Answer = () => Promise.reject(new TypeError('failed'))
const never: Answer = () => new Promise<Response>(() => {})

let around: FakeSurroundings
let proxied: FakeTransport
let transport: DirectTransport
let xhrs: FakeXhr[]
let asked: { path: string; question: Record<string, unknown> }[]
let init: Answer
let complete: Answer
let online: boolean
let subtle: SubtleCrypto | undefined

const fetcher: typeof fetch = async (path, options) => {
  options?.signal?.throwIfAborted()
  asked.push({ path: String(path), question: JSON.parse(String(options?.body)) })
  return path === '/uploads/init' ? init() : complete()
}

beforeEach(() => {
  around = new FakeSurroundings()
  proxied = new FakeTransport()
  xhrs = []
  asked = []
  online = true
  subtle = undefined
  init = () => json(200, begun(`u${xhrs.length + 1}`))
  complete = () => json(200, { ...anImage('a'), viewURL: 'https://h/i/a.jpg' })
  transport = new DirectTransport(proxied, {
    now: around.now,
    after: around.after,
    online: () => online,
    xhr: () => {
      const xhr = new FakeXhr()
      xhrs.push(xhr)
      return xhr
    },
    fetch: fetcher,
    get subtle() {
      return subtle
    },
  })
})

/** Sends a file until it waits for the store. */
async function sending(file = aJpeg('a.jpg'), name = 'named.jpg') {
  const { log, events } = noted()
  const stop = transport.send(file, name, events)
  await settle()
  return { file, log, stop }
}

/** The newest request to the store. */
function put(): FakeXhr {
  const xhr = xhrs.at(-1)
  if (!xhr) throw new Error('nothing was sent to the store')
  return xhr
}

async function answer(status: number) {
  put().answer(status, '')
  await settle()
}

const paths = () => asked.map(({ path }) => path)

describe('DirectTransport', () => {
  it('announces a file, sends it to the store and has it published', async () => {
    const { log } = await sending()
    expect(asked).toEqual([
      {
        path: '/uploads/init',
        question: { filename: 'named.jpg', contentType: 'application/octet-stream', size: 1_000 },
      },
    ])
    expect(put().opened).toBe('PUT https://store.example/images/u1?X-Amz-Signature=5')
    expect(put().sentHeaders).toEqual(begun('u1').headers)
    // With a type the browser would add a header that was not asked for.
    expect(put().body).toMatchObject({ size: 1_000, type: '' })
    put().upload.onprogress?.(progress('progress', 600, 1_000))
    put().upload.onload?.(progress('load'))
    await answer(200)
    expect(asked.slice(1)).toEqual([{ path: '/uploads/complete', question: { uploadId: 'u1', duplicates: 'return' } }])
    expect(log.slice(0, 2)).toEqual(['progress 600', 'sent'])
    expect(log[2]).toMatch(/^reply 200 \{"id":"a",.*"viewURL".* null$/)
    expect(log).toHaveLength(3)
    expect(proxied.sendings).toEqual([])
  })

  it('announces names as forms would send them', async () => {
    await sending(aJpeg('a'), 'half \ud83d of one.jpg')
    expect(asked[0]?.question.filename).toBe('half \ufffd of one.jpg')
  })

  it('tells the hash of files up to 16 MiB, where the browser can', async () => {
    subtle = crypto.subtle
    const files = [new File(['abc'], 'tiny'), aJpeg('small', 16 * 1024 * 1024), aJpeg('large', 16 * 1024 * 1024 + 1)]
    for (const file of files) {
      transport.send(file, file.name, noted().events)
      await vi.waitFor(() => expect(asked.at(-1)?.question.filename).toBe(file.name), 20_000)
    }
    expect(asked.map(({ question }) => question.sha256)).toEqual([
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      expect.stringMatching(/^[0-9a-f]{64}$/),
      undefined,
    ])
    expect(asked[2]?.question).not.toHaveProperty('sha256')
  })

  it('leaves out the hash of a file that cannot be read', async () => {
    subtle = crypto.subtle
    const file = Object.assign(aJpeg('gone'), { arrayBuffer: () => Promise.reject(new Error('NotReadableError')) })
    await sending(file)
    expect(asked[0]?.question).not.toHaveProperty('sha256')
  })

  it('asks for the server by the way that always is', async () => {
    proxied.reachable = false
    expect(await transport.probe()).toBe(false)
    expect(proxied.probes).toBe(1)
  })

  it.each([413, 415, 422, 401, 429, 500])('shows the server’s %i when it begins as its answer', async status => {
    init = () => json(status, { detail: 'why' }, { 'Retry-After': '7' })
    const { log } = await sending()
    expect(log).toEqual([`reply ${status} {"detail":"why"} 7`])
    expect([xhrs, proxied.sendings]).toEqual([[], []])
  })

  it.each([
    [422, 'damaged_file'],
    [413, 'picture_too_large'],
    [503, 'busy'],
  ])('shows the server’s %i %s when it publishes as its answer', async (status, code) => {
    complete = () => json(status, { code })
    const { log } = await sending()
    await answer(200)
    expect(log).toEqual([`reply ${status} {"code":"${code}"} null`])
    expect([xhrs.length, proxied.sendings]).toEqual([1, []])
  })

  it.each([
    [404, 'not_found'],
    [409, 'upload_over'],
    [409, 'not_sent'],
  ])('begins anew once where publishing answers %i %s', async (status, code) => {
    complete = () => json(status, { code })
    const { log } = await sending()
    await answer(200)
    expect(paths()).toEqual(['/uploads/init', '/uploads/complete', '/uploads/init'])
    expect(log).toEqual(['progress 0'])
    complete = () => json(200, anImage('a'))
    await answer(200)
    expect(asked.at(-1)?.question.uploadId).toBe('u2')
    expect(log).toEqual(['progress 0', `reply 200 ${image} null`])
  })

  it('does not begin anew twice', async () => {
    complete = () => json(404, {})
    const { log } = await sending()
    await answer(200)
    await answer(200)
    expect(xhrs).toHaveLength(2)
    expect(log).toEqual(['progress 0', 'reply 404 {} null'])
  })
})

describe('DirectTransport without a network', () => {
  it('tells a lost connection when it begins, and begins anew', async () => {
    init = noAnswer
    const { log, file } = await sending()
    expect(log).toEqual(['lost'])
    await sending(file)
    expect(paths()).toEqual(['/uploads/init', '/uploads/init'])
  })

  it('tells a lost connection to the store where the browser is offline', async () => {
    const { log, file } = await sending()
    online = false
    put().onerror?.(progress('error'))
    await settle()
    expect(log).toEqual(['lost'])
    online = true
    await sending(file)
    expect([xhrs.length, proxied.sendings]).toEqual([2, []])
  })

  it.each([
    ['lost', noAnswer],
    ['a request to come back later', () => json(503, {})],
  ])('asks again to publish where the answer was %s, and sends nothing twice', async (_, lost) => {
    complete = lost
    const { log, file } = await sending()
    await answer(200)
    expect(log).toHaveLength(1)
    complete = () => json(200, { ...anImage('a'), duplicate: true })
    const again = await sending(file)
    expect(paths()).toEqual(['/uploads/init', '/uploads/complete', '/uploads/complete'])
    expect(asked[2]).toEqual(asked[1])
    expect(xhrs).toHaveLength(1)
    expect(again.log[0]).toBe('sent')
    expect(again.log[1]).toMatch(/^reply 200 .*"duplicate":true/)
  })

  it('sends a file anew that the server forgot before it could be asked again', async () => {
    complete = noAnswer
    const { file } = await sending()
    await answer(200)
    complete = () => json(404, {})
    const { log } = await sending(file)
    expect(log).toEqual(['sent', 'progress 0'])
    complete = () => json(200, anImage('a'))
    await answer(200)
    expect(log).toEqual(['sent', 'progress 0', `reply 200 ${image} null`])
  })

  it('does not ask again for an upload that the server forgot', async () => {
    complete = () => json(404, {})
    const { file } = await sending()
    await answer(200)
    online = false
    put().onerror?.(progress('error'))
    await settle()
    await sending(file)
    expect(paths()).toEqual(['/uploads/init', '/uploads/complete', '/uploads/init', '/uploads/init'])
  })

  it('lets the queue ask again by itself', async () => {
    const limits = {
      upload: { bytes_max: 10_000, accepted: [{ media_type: 'image/jpeg', name: 'JPEG', extensions: ['jpg'] }] },
      image_limits: { side_max: 32_768, pixels_max: 100_000_000, frames_max: 1_000 },
    }
    const queue = new UploadQueue(
      { ...limits, upload: { ...limits.upload, direct: true, files_max: 1, who: 'anyone' } },
      transport,
      around,
    )
    const state = () => queue.snapshot.get().rows[0]?.state.kind
    queue.add([{ file: aJpeg('a'), name: 'a', folder: false }])
    await settle()
    put().upload.onload?.(progress('load'))
    expect(state()).toBe('checking')
    complete = noAnswer
    await answer(200)
    expect(state()).toBe('waiting')
    complete = () => json(200, anImage('a'))
    await around.pass(1_000)
    expect(state()).toBe('ready')
    expect(xhrs).toHaveLength(1)
  })
})

describe('DirectTransport where the store refuses', () => {
  const refusals: [string, () => unknown][] = [
    ['no answer, as of its CORS rules', () => put().onerror?.(progress('error'))],
    ['403', () => put().answer(403, '<Error/>')],
    ['500', () => put().answer(500, '')],
    ['silence', () => around.pass(10_000)],
  ]

  it.each(refusals)('sends the same file through the server after %s', async (_, refuse) => {
    const { log } = await sending()
    await refuse()
    await settle()
    expect(proxied.sendings.map(({ name }) => name)).toEqual(['named.jpg'])
    expect(put().opened).toContain('/u1')
    proxied.accept('named.jpg')
    expect(log.slice(0, 2)).toEqual(['progress 0', 'sent'])
    expect(log[2]).toMatch(/^reply 201/)
    expect(log).toHaveLength(3)
  })

  it('stays with the server for 5 minutes', async () => {
    await sending()
    await answer(403)
    await around.pass(299_000)
    expect(put().aborted).toBe(false)
    await sending()
    expect(paths()).toEqual(['/uploads/init'])
    expect(proxied.sendings).toHaveLength(2)
    await around.pass(1_000)
    await sending()
    expect(xhrs).toHaveLength(2)
    expect(proxied.sendings).toHaveLength(2)
  })

  it('has what the store took before published all the same', async () => {
    complete = noAnswer
    const { file } = await sending()
    await answer(200)
    await sending()
    await answer(403)
    await sending(file)
    expect(asked.at(-1)).toEqual({ path: '/uploads/complete', question: { uploadId: 'u1', duplicates: 'return' } })
    expect(proxied.sendings).toHaveLength(1)
  })

  it('takes a slow store for a store', async () => {
    await sending()
    put().upload.onprogress?.(progress('progress', 1, 1_000))
    await around.pass(60_000)
    expect(put().aborted).toBe(false)
    expect(proxied.sendings).toEqual([])
  })

  it('goes through the server where the answer names no address', async () => {
    init = () => json(200, { uploadId: 'u1' })
    await sending()
    expect(xhrs).toEqual([])
    expect(proxied.sendings).toHaveLength(1)
  })
})

describe('DirectTransport stopped', () => {
  it('sends nothing more after the announcement', async () => {
    let tell: (response: Response) => void = () => {}
    init = () =>
      new Promise(resolve => {
        tell = resolve
      })
    const { log, stop } = await sending()
    stop()
    tell(json(200, begun('u1')))
    await settle()
    expect([log, xhrs]).toEqual([[], []])
  })

  it('announces nothing where it was stopped while the file was read', async () => {
    subtle = crypto.subtle
    let fail: (error: Error) => void = () => {}
    const read = new Promise<ArrayBuffer>((_, reject) => {
      fail = reject
    })
    const { log, stop } = await sending(Object.assign(aJpeg('a'), { arrayBuffer: () => read }))
    stop()
    fail(new Error('NotReadableError'))
    await settle()
    expect([log, asked]).toEqual([[], []])
  })

  it('aborts what goes to the store, and has nothing published', async () => {
    const { log, stop } = await sending()
    stop()
    expect(put().aborted).toBe(true)
    put().upload.onprogress?.(progress('progress', 1, 2))
    put().upload.onload?.(progress('load'))
    put().onerror?.(progress('error'))
    await answer(200)
    await around.pass(20_000)
    expect(log).toEqual([])
    expect(paths()).toEqual(['/uploads/init'])
    expect(proxied.sendings).toEqual([])
  })

  it('is silent while it is published', async () => {
    complete = never
    const { log, stop } = await sending()
    await answer(200)
    stop()
    await settle()
    expect(log).toEqual([])
  })

  it('stops what goes through the server', async () => {
    const { stop } = await sending()
    await answer(403)
    stop()
    expect(proxied.of('named.jpg').aborted).toBe(true)
  })
})
