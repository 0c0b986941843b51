import { beforeEach, describe, expect, it, vi } from 'vitest'
import { UploadQueue } from './queue'
import { aJpeg, FakeSurroundings, FakeTransport, settle } from './testing'

const config = {
  upload: {
    bytes_max: 10_000,
    accepted: [{ media_type: 'image/jpeg', name: 'JPEG', extensions: ['jpg'] }],
    direct: false,
    files_max: 100,
    who: 'anyone' as const,
  },
  image_limits: { side_max: 32_768, pixels_max: 100_000_000, frames_max: 1_000 },
}

let around: FakeSurroundings
let transport: FakeTransport
let queue: UploadQueue
const arrived: string[] = []

const give = async (...names: string[]) => {
  queue.add(names.map(name => ({ file: aJpeg(name), name, folder: false })))
  await settle()
}
const states = () => queue.snapshot.get().rows.map(row => `${row.name} ${row.state.kind}`)
const totals = () => queue.snapshot.get().totals
const idOf = (name: string) => queue.snapshot.get().rows.find(row => row.name === name)?.id ?? ''

beforeEach(() => {
  vi.unstubAllGlobals()
  around = new FakeSurroundings()
  transport = new FakeTransport()
  queue = new UploadQueue(config, transport, around)
  arrived.length = 0
  queue.onReady = image => arrived.push(image.id)
})

describe('the queue', () => {
  it('sends three at a time, in order, until all are in', async () => {
    await give('a', 'b', 'c', 'd', 'e')
    expect(states()).toEqual(['a sending', 'b sending', 'c sending', 'd waiting', 'e waiting'])
    transport.accept('b')
    expect(states()).toEqual(['a sending', 'b ready', 'c sending', 'd sending', 'e waiting'])
    for (const name of ['a', 'c', 'd', 'e']) transport.accept(name)
    expect(totals()).toMatchObject({ count: 5, done: 5, active: false, moving: false })
    expect(arrived).toEqual(['b', 'a', 'c', 'd', 'e'])
  })

  it('takes files on a page that came over plain HTTP', async () => {
    vi.stubGlobal('crypto', {})
    await give('a', 'b')
    expect(states()).toEqual(['a sending', 'b sending'])
    queue.remove([idOf('a')])
    expect(states()).toEqual(['b sending'])
  })

  it('says checking between the last byte and the answer', async () => {
    await give('a')
    transport.of('a').events.progress(400)
    expect(queue.snapshot.get().rows[0]?.state).toEqual({ kind: 'sending', sent: 400 })
    transport.of('a').events.sent()
    expect(states()).toEqual(['a checking'])
    expect(totals()).toMatchObject({ sent: 1_000, moving: true })
  })

  it('shows a file that is sent anew as sending, measures it, and takes nothing off the total', async () => {
    await give('a')
    transport.of('a').events.sent()
    await around.pass(4_000)
    transport.of('a').events.progress(0)
    transport.of('a').events.progress(400)
    expect(queue.snapshot.get().rows[0]?.state).toEqual({ kind: 'sending', sent: 400 })
    expect(totals()).toMatchObject({ sent: 1_000, speed: 100 })
  })

  it('refuses on the spot, without a byte, and lets the others go on', async () => {
    queue.add([
      { file: aJpeg('big', 20_000), name: 'big', folder: false },
      { file: new File(['%PDF-1.7'], 'notes.jpg', { type: 'image/jpeg' }), name: 'notes.jpg', folder: false },
      { file: new File([], 'empty'), name: 'empty', folder: false },
      { file: new File(['x'], 'dir'), name: 'dir', folder: true },
      { file: aJpeg('good'), name: 'good', folder: false },
    ])
    await settle()
    expect(states()).toEqual(['big refused', 'notes.jpg refused', 'empty refused', 'dir refused', 'good sending'])
    expect(transport.sendings.map(sending => sending.name)).toEqual(['good'])
    expect(totals()).toMatchObject({ count: 1, refused: 4, size: 1_000 })
  })

  it('looks behind a JPEG’s metadata for its dimensions before it sends a byte', async () => {
    const metadata = new Uint8Array(40_000)
    // The start, a marker, and a segment of 39,996 bytes that fills the rest.
    metadata.set([0xff, 0xd8, 0xff, 0xe1, 0x9c, 0x3c])
    const frame = new Uint8Array([0xff, 0xc0, 0, 17, 8, 0xff, 0xff, 0xff, 0xff, 3])
    const large = new File([metadata, frame], 'large', { type: 'image/jpeg' })
    const roomy = new UploadQueue({ ...config, upload: { ...config.upload, bytes_max: 100_000 } }, transport, around)
    roomy.add([{ file: large, name: 'large', folder: false }])
    await settle()
    expect(roomy.snapshot.get().rows[0]?.state).toMatchObject({
      kind: 'refused',
      problem: { detail: 'This picture is 65,535 × 65,535 pixels; the limit is 32,768 on a side.' },
    })
    expect(transport.sendings).toEqual([])
  })

  it('keeps the queue where the server asks for a token', async () => {
    await give('a', 'b', 'c', 'd')
    transport.of('a').events.reply({ status: 401, body: '', retryAfter: null })
    expect(queue.snapshot.get().rows[0]?.state).toMatchObject({
      kind: 'refused',
      problem: { status: 401, detail: 'This server takes uploads with a token only.' },
    })
    expect(states()).toEqual(['a refused', 'b sending', 'c sending', 'd sending'])
    expect(queue.snapshot.get().connection.kind).toBe('up')
  })

  it('shows the server’s refusal on its row and goes on', async () => {
    await give('a', 'b')
    const body = JSON.stringify({ status: 422, code: 'damaged_image', detail: 'is damaged', request_id: 'r1' })
    transport.of('a').events.reply({ status: 422, body, retryAfter: null })
    transport.accept('b')
    const [a] = queue.snapshot.get().rows
    expect(a?.state).toMatchObject({
      kind: 'refused',
      retriable: false,
      problem: { code: 'damaged_image', requestId: 'r1' },
    })
    expect(totals()).toMatchObject({ count: 1, done: 1, refused: 1, active: false })
  })

  it('removes and cancels, and what was cancelled says nothing more', async () => {
    await give('a', 'b', 'c', 'd')
    const { events } = transport.of('a')
    queue.remove([idOf('a')])
    expect(transport.of('a').aborted).toBe(true)
    expect(states()).toEqual(['b sending', 'c sending', 'd sending'])
    events.progress(10)
    events.reply({ status: 500, body: '', retryAfter: null })
    expect(states()).toEqual(['b sending', 'c sending', 'd sending'])
    queue.cancelRemaining()
    expect(states()).toEqual([])
    expect(totals()).toMatchObject({ count: 0, active: false })
  })

  it('retries what may be retried, and clears what is finished', async () => {
    await give('a', 'b')
    transport.of('a').events.reply({ status: 500, body: '', retryAfter: null })
    transport.of('b').events.reply({ status: 415, body: '', retryAfter: null })
    queue.retryAll()
    expect(states()).toEqual(['a sending', 'b refused'])
    transport.accept('a')
    queue.clearFinished()
    expect(states()).toEqual([])
  })

  it('puts a new batch on top and counts it alone', async () => {
    await give('a', 'b')
    transport.accept('a')
    await give('c')
    expect(totals().count).toBe(3)
    transport.accept('b')
    transport.accept('c')
    await give('d', 'e')
    expect(states()).toEqual(['d sending', 'e sending', 'a ready', 'b ready', 'c ready'])
    expect(totals()).toMatchObject({ count: 2, done: 0 })
  })

  it('waits as long as a busy server asks', async () => {
    await give('a')
    transport.of('a').events.reply({ status: 429, body: '', retryAfter: '20' })
    expect(states()).toEqual(['a held'])
    await around.pass(19_000)
    expect(states()).toEqual(['a held'])
    await around.pass(1_500)
    expect(states()).toEqual(['a sending'])
    transport.accept('a')
    expect(states()).toEqual(['a ready'])
  })

  it('gives up on a server that is busy for ever', async () => {
    await give('a')
    for (let turn = 0; turn < 9; turn += 1) {
      transport.of('a').events.reply({ status: 503, body: '', retryAfter: '1' })
      await around.pass(1_100)
    }
    expect(queue.snapshot.get().rows[0]?.state).toMatchObject({ kind: 'refused', retriable: true })
  })

  it('marks images that were deleted elsewhere, and unmarks them', async () => {
    await give('a')
    transport.accept('a')
    queue.setGone(['a'], true)
    expect(queue.snapshot.get().rows[0]?.state).toMatchObject({ gone: true })
    queue.setGone(['a'], false)
    expect(queue.snapshot.get().rows[0]?.state).toMatchObject({ gone: false })
  })
})

describe('the queue without a network', () => {
  it('waits, asks ever more rarely, and goes on by itself', async () => {
    await give('a', 'b')
    transport.of('a').events.progress(700)
    transport.reachable = false
    transport.of('a').events.lost()
    transport.of('b').events.lost()
    expect(states()).toEqual(['a waiting', 'b waiting'])
    expect(queue.snapshot.get().connection.kind).toBe('down')
    expect(totals().sent).toBe(700)
    // 0.15 s, then 1, 3, 8, 20 and 20 s (chance stands in the middle).
    const seen: number[] = []
    for (const wait of [150, 1_000, 3_000, 8_000, 20_000, 20_000]) {
      await around.pass(wait - 1)
      seen.push(transport.probes)
      await around.pass(1)
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5])
    transport.reachable = true
    await around.pass(20_000)
    expect(states()).toEqual(['a sending', 'b sending'])
    transport.accept('a')
    transport.accept('b')
    expect(totals()).toMatchObject({ done: 2, active: false })
  })

  it('goes on at once when the browser says that it is online', async () => {
    await give('a')
    transport.reachable = false
    transport.of('a').events.lost()
    await around.pass(5_000)
    transport.reachable = true
    queue.online()
    await settle()
    expect(states()).toEqual(['a sending'])
  })

  it('starts nothing while the server cannot be reached', async () => {
    await give('a')
    transport.reachable = false
    transport.of('a').events.lost()
    await around.pass(2_000)
    await give('b')
    expect(states()).toEqual(['a waiting', 'b waiting'])
    expect(transport.sendings).toHaveLength(1)
  })

  it('never lets the total go back', async () => {
    await give('a')
    transport.of('a').events.progress(900)
    transport.of('a').events.lost()
    await around.pass(500)
    transport.of('a').events.progress(100)
    expect(totals().sent).toBe(900)
    expect(queue.snapshot.get().rows[0]?.state).toEqual({ kind: 'sending', sent: 100 })
  })

  it('stops with words where one file breaks every connection though the server answers', async () => {
    await give('a')
    for (let turn = 0; turn < 7; turn += 1) {
      transport.of('a').events.lost()
      await around.pass(30_000)
    }
    expect(queue.snapshot.get().rows[0]?.state).toMatchObject({
      kind: 'refused',
      retriable: true,
      problem: { code: 'connection_broke' },
    })
  })

  it('does not blame the file for a network that is away', async () => {
    await give('a')
    for (let turn = 0; turn < 12; turn += 1) {
      transport.reachable = false
      transport.of('a').events.lost()
      await around.pass(2_000)
      transport.reachable = true
      await around.pass(30_000)
    }
    expect(states()).toEqual(['a sending'])
  })

  it('notices a connection that hangs', async () => {
    await give('a')
    transport.of('a').events.progress(10)
    transport.reachable = false
    await around.pass(20_000)
    expect(transport.of('a').aborted).toBe(true)
    expect(states()).toEqual(['a waiting'])
  })

  it('keeps a slow upload while the server answers, but not for ever', async () => {
    await give('a')
    await around.pass(60_000)
    expect(states()).toEqual(['a sending'])
    expect(transport.sendings).toHaveLength(1)
    await around.pass(140_000)
    expect(transport.sendings.length).toBeGreaterThan(1)
  })

  it('asks at once when the browser says that it is offline, and believes the server', async () => {
    await give('a')
    queue.offline()
    await settle()
    expect(states()).toEqual(['a sending'])
    transport.reachable = false
    queue.offline()
    await settle()
    expect(states()).toEqual(['a waiting'])
  })
})
