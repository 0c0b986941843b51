import { describe, expect, it } from 'vitest'
import { aJpeg, FakeXhr, noted, progress } from './testing'
import { xhrTransport } from './transport'

function sending(size = 1_000, name = 'named.jpg') {
  const xhr = new FakeXhr()
  const { log, events } = noted()
  const abort = xhrTransport(() => xhr, fetch).send(aJpeg('a.jpg', size), name, events)
  return { xhr, log, abort }
}

describe('xhrTransport', () => {
  it('posts one file as the part named file', () => {
    const { xhr } = sending()
    expect(xhr.opened).toBe('POST /api/v1/images')
    const part = xhr.part('file')
    expect(part instanceof File && part.name).toBe('named.jpg')
  })

  it('sends no control characters in the name', () => {
    const { xhr } = sending(1_000, 'na\0m\x1be\r\n"d\x7f".jpg')
    const part = xhr.part('file')
    expect(part instanceof File && part.name).toBe('name"d".jpg')
  })

  it('counts the file’s share of the body', () => {
    const { xhr, log } = sending(1_000)
    xhr.upload.onprogress?.(progress('progress', 600, 1_200))
    xhr.upload.onprogress?.(progress('progress', 10, 0))
    xhr.upload.onload?.(progress('load'))
    xhr.answer(201, '{}', { 'Retry-After': '3' })
    expect(log).toEqual(['progress 500', 'sent', 'reply 201 {} 3'])
  })

  it('tells a broken connection once', () => {
    const { xhr, log } = sending()
    xhr.onerror?.(progress('error'))
    xhr.ontimeout?.(progress('timeout'))
    expect(log).toEqual(['lost'])
  })

  it('is silent after it was stopped', () => {
    const { xhr, log, abort } = sending()
    abort()
    xhr.upload.onprogress?.(progress('progress', 1, 2))
    xhr.onerror?.(progress('error'))
    expect(xhr.aborted).toBe(true)
    expect(log).toEqual([])
  })

  it.each([
    [200, true],
    [401, true],
    [503, false],
    [502, false],
  ])('takes an answer of %i for a server that is there: %s', async (status, there) => {
    const transport = xhrTransport(
      () => new FakeXhr(),
      async () => new Response(null, { status }),
    )
    expect(await transport.probe()).toBe(there)
  })

  it('takes no answer for no server', async () => {
    const transport = xhrTransport(
      () => new FakeXhr(),
      () => Promise.reject(new TypeError('failed')),
    )
    expect(await transport.probe()).toBe(false)
  })
})
