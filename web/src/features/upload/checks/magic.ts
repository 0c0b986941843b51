/** How many bytes of a file are read to tell its kind, and its width and height: a JPEG has them behind its metadata. */
export const HEAD_BYTES = 65_536

/** What the first bytes say: a type that the server may take, a type known by name alone, or nothing known. */
export type Kind = { media: string } | { named: string } | null

const ascii = (bytes: Uint8Array, from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to))

const starts = (bytes: Uint8Array, ...prefix: number[]) =>
  bytes.length >= prefix.length && prefix.every((byte, index) => bytes[index] === byte)

/** Brands of ISO base media files (ISO/IEC 14496-12) at byte 8. */
function isoKind(brand: string): Kind {
  switch (brand) {
    case 'avif':
    case 'avis':
      return { media: 'image/avif' }
    case 'heic':
    case 'heix':
    case 'hevc':
    case 'hevx':
    case 'heim':
    case 'heis':
      return { named: 'a HEIC picture' }
    // These only promise some picture; which one stands further on, so the server decides.
    case 'mif1':
    case 'msf1':
    case 'miaf':
      return { media: 'image/avif' }
    default:
      return { named: 'a video or audio file' }
  }
}

/** Tells a file by its first bytes, never by its name or declared type. Signatures from each format's specification. */
export function kindOf(head: Uint8Array): Kind {
  if (starts(head, 0xff, 0xd8, 0xff)) return { media: 'image/jpeg' }
  if (starts(head, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return { media: 'image/png' }
  const four = ascii(head, 0, 4)
  const six = ascii(head, 0, 6)
  if (six === 'GIF87a' || six === 'GIF89a') return { media: 'image/gif' }
  if (four === 'RIFF' && ascii(head, 8, 12) === 'WEBP') return { media: 'image/webp' }
  if (ascii(head, 4, 8) === 'ftyp') return isoKind(ascii(head, 8, 12))
  if (starts(head, 0xff, 0x0a) || starts(head, 0, 0, 0, 0x0c, 0x4a, 0x58, 0x4c, 0x20))
    return { named: 'a JPEG XL picture' }
  if (four === 'II*\0' || four === 'MM\0*') return { named: 'a TIFF picture' }
  if (four.startsWith('BM')) return { named: 'a BMP picture' }
  if (four === '%PDF') return { named: 'a PDF document' }
  if (starts(head, 0x50, 0x4b, 3, 4)) return { named: 'a ZIP archive' }
  if (starts(head, 0, 0, 1, 0)) return { named: 'an icon file' }
  if (four.toLowerCase() === '<svg' || six.toLowerCase() === '<?xml ') return { named: 'an SVG or XML file' }
  return null
}
