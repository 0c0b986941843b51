import { kindOf } from './magic'

/** Of a picture, in pixels, before it is turned by its orientation. */
export interface Dimensions {
  width: number
  height: number
}

const ascii = (head: Uint8Array, from: number) => String.fromCharCode(...head.subarray(from, from + 4))

/**
 * What a header says of width and height, for the formats that say it cheaply. Null where the head is too short, does
 * not say, or says nothing sensible, and for AVIF, whose boxes may stand anywhere: the server looks at all of it.
 */
export function dimensionsOf(head: Uint8Array): Dimensions | null {
  const kind = kindOf(head)
  if (kind === null || 'named' in kind) return null
  const found = read(kind.media, head, new DataView(head.buffer, head.byteOffset, head.byteLength))
  return found && found.width > 0 && found.height > 0 ? found : null
}

function read(media: string, head: Uint8Array, view: DataView): Dimensions | null {
  switch (media) {
    case 'image/png':
      return png(head, view)
    case 'image/gif':
      return gif(view)
    case 'image/webp':
      return webp(head, view)
    case 'image/jpeg':
      return jpeg(view)
    default:
      return null
  }
}

/** IHDR is the first chunk (PNG, third edition, 5.6 and 11.2.1). */
function png(head: Uint8Array, view: DataView): Dimensions | null {
  if (view.byteLength < 24 || ascii(head, 12) !== 'IHDR') return null
  return { width: view.getUint32(16), height: view.getUint32(20) }
}

/** The logical screen descriptor (GIF89a, 18). */
function gif(view: DataView): Dimensions | null {
  if (view.byteLength < 10) return null
  return { width: view.getUint16(6, true), height: view.getUint16(8, true) }
}

/** The canvas of VP8X, else the frame of the only chunk (RFC 9649, 2.5 to 2.7; RFC 6386, 9.1). */
function webp(head: Uint8Array, view: DataView): Dimensions | null {
  if (view.byteLength < 30) return null
  switch (ascii(head, 12)) {
    case 'VP8X':
      // Three bytes each, less one; the byte read beside them is shifted out.
      return { width: (view.getUint32(23, true) >>> 8) + 1, height: (view.getUint32(26, true) >>> 8) + 1 }
    case 'VP8L': {
      if (view.getUint8(20) !== 0x2f) return null
      const bits = view.getUint32(21, true)
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
    }
    case 'VP8 ':
      if (view.getUint16(23) !== 0x9d01 || view.getUint8(25) !== 0x2a) return null
      // The two upper bits ask for scaling, which no decoder of pictures does.
      return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff }
    default:
      return null
  }
}

const SOF_FIRST = 0xc0
const SOF_LAST = 0xcf
/** Within the range of frame headers: tables (DHT, DAC) and a reserved marker (JPG). */
const NO_FRAME = new Set([0xc4, 0xc8, 0xcc])
const SOS = 0xda
const EOI = 0xd9

/** The frame header behind any number of segments (ITU-T T.81, B.1 and B.2). */
function jpeg(view: DataView): Dimensions | null {
  let at = 2
  while (at + 9 <= view.byteLength) {
    if (view.getUint8(at) !== 0xff) return null
    const marker = view.getUint8(at + 1)
    // A marker may be preceded by any number of 0xff.
    if (marker === 0xff) {
      at += 1
      continue
    }
    if (marker === SOS || marker === EOI) return null
    if (marker >= SOF_FIRST && marker <= SOF_LAST && !NO_FRAME.has(marker))
      return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) }
    const length = view.getUint16(at + 2)
    if (length < 2) return null
    at += 2 + length
  }
  return null
}
