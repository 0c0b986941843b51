import { describe, expect, it } from 'vitest'
import { check } from './check'
import { kindOf } from './magic'

const bytes = (...values: (number | string)[]) =>
  new Uint8Array(
    values.flatMap(value => (typeof value === 'number' ? [value] : [...value].map(letter => letter.charCodeAt(0)))),
  )

const accepted = [
  { media_type: 'image/jpeg', name: 'JPEG', extensions: ['jpg', 'jpeg'] },
  { media_type: 'image/png', name: 'PNG', extensions: ['png'] },
]
const config = {
  upload: { bytes_max: 104_857_600, accepted, direct: false, files_max: 100, who: 'anyone' as const },
  image_limits: { side_max: 32_768, pixels_max: 100_000_000, frames_max: 1_000 },
}
const jpeg = bytes(0xff, 0xd8, 0xff, 0xe0, 0, 16, 'JFIF')

describe('kindOf', () => {
  it.each([
    ['image/jpeg', jpeg],
    ['image/png', bytes(0x89, 'PNG\r\n', 0x1a, '\n')],
    ['image/gif', bytes('GIF89a')],
    ['image/gif', bytes('GIF87a')],
    ['image/webp', bytes('RIFF', 1, 2, 3, 4, 'WEBPVP8 ')],
    ['image/avif', bytes(0, 0, 0, 0x1c, 'ftypavif')],
    ['image/avif', bytes(0, 0, 0, 0x1c, 'ftypmif1')],
  ])('knows %s', (media, head) => expect(kindOf(head)).toEqual({ media }))

  it.each([
    ['a HEIC picture', bytes(0, 0, 0, 0x18, 'ftypheic')],
    ['a video or audio file', bytes(0, 0, 0, 0x18, 'ftypisom')],
    ['a JPEG XL picture', bytes(0xff, 0x0a)],
    ['a TIFF picture', bytes('II*\0')],
    ['a BMP picture', bytes('BM6')],
    ['a PDF document', bytes('%PDF-1.7')],
    ['a ZIP archive', bytes('PK', 3, 4)],
    ['an SVG or XML file', bytes('<svg xmlns')],
  ])('names %s', (named, head) => expect(kindOf(head)).toEqual({ named }))

  it.each([
    ['text', bytes('hello, world....')],
    ['nothing', bytes()],
    ['half a signature', bytes(0xff, 0xd8)],
    ['a sound', bytes('RIFF', 1, 2, 3, 4, 'WAVE')],
  ])('does not know %s', (_, head) => expect(kindOf(head)).toBeNull())
})

describe('check', () => {
  it('lets through what is taken, up to the very limit', () => {
    expect(check(1, jpeg, config)).toBeNull()
    expect(check(104_857_600, jpeg, config)).toBeNull()
  })

  it('says both numbers of a file that is too large', () => {
    expect(check(222_298_112, jpeg, config)).toMatchObject({
      code: 'too_large',
      detail: 'This file is 212 MB; the limit is 100 MB.',
    })
  })

  it('says what a file is and what would be taken', () => {
    expect(check(9, bytes('%PDF-1.7'), config)).toMatchObject({
      code: 'unsupported_type',
      detail: 'This is a PDF document; the server takes JPEG and PNG.',
    })
    expect(check(9, bytes('hello'), config)?.detail).toBe('This is not a picture; the server takes JPEG and PNG.')
  })

  it('refuses a known picture that this server does not take', () => {
    expect(check(9, bytes('GIF89a'), config)?.detail).toBe(
      'This is of the type image/gif; the server takes JPEG and PNG.',
    )
  })

  const png = (width: number, height: number) => {
    const head = new Uint8Array(33)
    head.set(bytes(0x89, 'PNG\r\n', 0x1a, '\n', 0, 0, 0, 13, 'IHDR'))
    new DataView(head.buffer).setUint32(16, width)
    new DataView(head.buffer).setUint32(20, height)
    return head
  }

  it('says the dimensions and the limit of a picture that is too long or has too many pixels', () => {
    expect(check(9, png(30, 32_769), config)).toMatchObject({
      code: 'side',
      detail: 'This picture is 30 × 32,769 pixels; the limit is 32,768 on a side.',
    })
    expect(check(9, png(30_000, 30_000), config)).toMatchObject({
      code: 'pixels',
      detail: 'This picture has 900,000,000 pixels (30,000 × 30,000); the limit is 100,000,000.',
    })
    expect(check(9, png(10_000, 10_001), config)?.code).toBe('pixels')
  })

  it('lets dimensions through up to the very limit', () => {
    expect(check(9, png(32_768, 3_000), config)).toBeNull()
    expect(check(9, png(10_000, 10_000), config)).toBeNull()
  })

  it('refuses an empty file', () => expect(check(0, bytes(), config)?.code).toBe('empty'))
})
