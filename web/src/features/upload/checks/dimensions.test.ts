import { describe, expect, it } from 'vitest'
import { dimensionsOf } from './dimensions'

/** Numbers are bytes, text is its letters. */
const bytes = (...values: (number | string)[]) =>
  new Uint8Array(
    values.flatMap(value => (typeof value === 'number' ? [value] : [...value].map(letter => letter.charCodeAt(0)))),
  )

const PNG = [0x89, 'PNG\r\n', 0x1a, '\n', 0, 0, 0, 13]
const riff = (...chunk: (number | string)[]) => bytes('RIFF', 0, 0, 0, 0, 'WEBP', ...chunk)
/** 12,345 wide (0x3039), 678 high (0x02a6). */
const SOF = (marker: number) => [0xff, marker, 0, 17, 8, 0x02, 0xa6, 0x30, 0x39, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]
const SIZE = { width: 12_345, height: 678 }
const APP1 = [0xff, 0xe1, 0, 6, 0xff, 0xc0, 1, 2]

describe('dimensionsOf', () => {
  it.each([
    ['PNG', bytes(...PNG, 'IHDR', 0, 0, 0x30, 0x39, 0, 0, 0x02, 0xa6)],
    ['GIF', bytes('GIF89a', 0x39, 0x30, 0xa6, 0x02)],
    ['extended WebP', riff('VP8X', 10, 0, 0, 0, 0x10, 0, 0, 0, 0x38, 0x30, 0, 0xa5, 0x02, 0)],
    // 14 bits of width less one, 14 bits of height less one.
    ['lossless WebP', riff('VP8L', 9, 0, 0, 0, 0x2f, 0x38, 0x70, 0xa9, 0x00, 0, 0, 0, 0, 0)],
    // The two upper bits of each are a wish for scaling.
    ['lossy WebP', riff('VP8 ', 9, 0, 0, 0, 1, 2, 3, 0x9d, 0x01, 0x2a, 0x39, 0x70, 0xa6, 0x42)],
    ['baseline JPEG', bytes(0xff, 0xd8, ...SOF(0xc0))],
    ['progressive JPEG', bytes(0xff, 0xd8, ...SOF(0xc2))],
    // The thumbnail's frame header inside the segment is not the picture's.
    ['JPEG behind segments and fill bytes', bytes(0xff, 0xd8, ...APP1, 0xff, 0xff, 0xc4, 0, 3, 9, ...SOF(0xc1))],
  ])('reads those of a %s', (_, head) => expect(dimensionsOf(head)).toEqual(SIZE))

  it('reads the largest that each format can say', () => {
    const most = [0xff, 0xff, 0xff, 0xff]
    expect(dimensionsOf(bytes(...PNG, 'IHDR', ...most, ...most))?.width).toBe(4_294_967_295)
    expect(dimensionsOf(bytes('GIF89a', ...most))).toEqual({ width: 65_535, height: 65_535 })
    const canvas = riff('VP8X', 10, 0, 0, 0, 0, 0, 0, 0, ...most, 0xff, 0xff)
    expect(dimensionsOf(canvas)).toEqual({ width: 16_777_216, height: 16_777_216 })
    const lossless = riff('VP8L', 9, 0, 0, 0, 0x2f, ...most, 0, 0, 0, 0, 0)
    expect(dimensionsOf(lossless)).toEqual({ width: 16_384, height: 16_384 })
  })

  it.each([
    ['a PNG that is cut', bytes(...PNG, 'IHDR', 0, 0, 0x30)],
    ['a PNG that begins with another chunk', bytes(...PNG, 'CgBI', 0, 0, 0x30, 0x39, 0, 0, 0x02, 0xa6)],
    ['a PNG of no width', bytes(...PNG, 'IHDR', 0, 0, 0, 0, 0, 0, 0x02, 0xa6)],
    ['a GIF that is cut', bytes('GIF89a', 0x39)],
    ['a WebP of an unknown chunk', riff('ABCD', ...Array.from({ length: 20 }, () => 1))],
    ['a lossy WebP without its start code', riff('VP8 ', ...Array.from({ length: 20 }, () => 1))],
    ['a JPEG whose frame header is cut', bytes(0xff, 0xd8, ...SOF(0xc0)).subarray(0, 8)],
    ['a JPEG whose frame lies beyond the head', bytes(0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff, ...SOF(0xc0))],
    ['a JPEG that leaves its height for later', bytes(0xff, 0xd8, 0xff, 0xc0, 0, 17, 8, 0, 0, 0x30, 0x39, 3)],
    ['a JPEG whose segment has no length', bytes(0xff, 0xd8, 0xff, 0xe0, 0, 0, ...SOF(0xc0))],
    ['a JPEG that scans before it has a frame', bytes(0xff, 0xd8, 0xff, 0xda, 0, 2, ...SOF(0xc0))],
    ['a JPEG with something between its segments', bytes(0xff, 0xd8, 0xff, 0xe0, 0, 2, 7, ...SOF(0xc0))],
    ['an AVIF', bytes(0, 0, 0, 0x1c, 'ftypavif', ...Array.from({ length: 40 }, () => 9))],
    ['a PDF', bytes('%PDF-1.7 and so on, for longer than any header')],
  ])('leaves %s to the server', (_, head) => expect(dimensionsOf(head)).toBeNull())
})
