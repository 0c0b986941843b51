// Writes PNGs of noise (8-bit RGB), for sizes that a photograph would not reach and counts that an encoder would slow.
import { crc32, deflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

function chunk(type, data) {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(data.length)
  head.write(type, 4, 'latin1')
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(data, crc32(head.subarray(4))))
  return [head, data, sum]
}

export function noisePng(width, height, next) {
  const row = 1 + width * 3
  const raw = Buffer.alloc(Math.ceil((row * height) / 4) * 4)
  for (let at = 0; at < raw.length; at += 4) raw.writeUInt32LE(next(), at)
  // Every row begins with its filter; 0 is none.
  for (let y = 0; y < height; y += 1) raw[y * row] = 0
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width)
  head.writeUInt32BE(height, 4)
  head.set([8, 2, 0, 0, 0], 8)
  const pixels = deflateSync(raw.subarray(0, row * height), { level: 0 })
  return Buffer.concat([SIGNATURE, ...chunk('IHDR', head), ...chunk('IDAT', pixels), ...chunk('IEND', Buffer.alloc(0))])
}
