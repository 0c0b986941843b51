// The pictures that are uploaded: mosaics of real photographs with noise like a sensor's, so that no two share pixels
// and none is easier to compress than a photograph. Made once, by seed, and kept in bench/.work/images.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { fixtures, work } from './places.mjs'
import { noisePng } from './png.mjs'

const FOLDER = join(work, 'images')
const TILE = 350
const NOISE = 3
const PIPE_BYTES_MAX = 1 << 30

// mulberry32: the same seed makes the same pictures on every machine.
export function random(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }
}

let decoded
function photos() {
  const folder = join(fixtures, 'photos')
  if (!existsSync(folder)) {
    throw new Error(`${folder} is missing; set TINTYPE_FIXTURES to the folder that holds photos/`)
  }
  decoded ??= readdirSync(folder).filter(name => name.endsWith('.png')).sort().map(name => {
    const ppm = execFileSync('pngtopnm', [join(folder, name)], { maxBuffer: PIPE_BYTES_MAX })
    const head = ppm.subarray(0, 32).toString('latin1').match(/^P6\s+(\d+)\s+(\d+)\s+255\s/)
    if (!head) throw new Error(`${name} is not an 8-bit RGB picture`)
    return { width: Number(head[1]), height: Number(head[2]), pixels: ppm.subarray(head[0].length) }
  })
  return decoded
}

// 65,536 values of a normal distribution; a lookup is much cheaper than making one.
const bell = (() => {
  const next = random(1)
  const uniform = () => (next() + 1) / 4294967297
  return Int8Array.from({ length: 65536 }, () =>
    Math.round(NOISE * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())))
})()

function mosaic(seed, width, height) {
  const next = random(seed)
  const head = Buffer.from(`P6\n${width} ${height}\n255\n`)
  const ppm = Buffer.alloc(head.length + width * height * 3)
  head.copy(ppm)
  const pixels = ppm.subarray(head.length)
  for (let top = 0; top < height; top += TILE) {
    for (let left = 0; left < width; left += TILE) {
      const tile = { left, top, width: Math.min(TILE, width - left), height: Math.min(TILE, height - top) }
      fillTile(pixels, width, tile, next)
    }
  }
  return ppm
}

function fillTile(pixels, width, tile, next) {
  const all = photos()
  const photo = all[next() % all.length]
  const fromLeft = next() % (photo.width - tile.width + 1)
  const fromTop = next() % (photo.height - tile.height + 1)
  for (let y = 0; y < tile.height; y += 1) {
    let to = ((tile.top + y) * width + tile.left) * 3
    let from = ((fromTop + y) * photo.width + fromLeft) * 3
    for (let x = 0; x < tile.width; x += 1) {
      const bits = next()
      const light = bell[bits & 0xffff]
      const colour = bell[bits >>> 16] >> 1
      pixels[to] = clamp(photo.pixels[from] + light + colour)
      pixels[to + 1] = clamp(photo.pixels[from + 1] + light)
      pixels[to + 2] = clamp(photo.pixels[from + 2] + light - colour)
      to += 3
      from += 3
    }
  }
}

const clamp = value => (value < 0 ? 0 : value > 255 ? 255 : value)

// The file of this name, made by `make` if it is not there yet. A run that is cut off leaves no half file behind.
export function kept(name, make) {
  const path = join(FOLDER, name)
  if (!existsSync(path)) {
    mkdirSync(FOLDER, { recursive: true })
    writeFileSync(`${path}.part`, make())
    renameSync(`${path}.part`, path)
  }
  return path
}

const piped = (command, args, input) =>
  execFileSync(command, args, { input, maxBuffer: PIPE_BYTES_MAX, stdio: ['pipe', 'pipe', 'ignore'] })
const jpeg = (ppm, quality, ...more) => piped('cjpeg', ['-quality', String(quality), ...more], ppm)

// The quality whose file comes nearest to so many bytes; size grows with quality.
function qualityFor(ppm, bytes, ...more) {
  let [low, high] = [5, 98]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (jpeg(ppm, middle, ...more).length <= bytes) low = middle
    else high = middle - 1
  }
  return low
}

// `count` JPEGs of 2800 × 2100 and about 1.9 MB, 4:2:0, no two with the same pixels.
export function uploads(count) {
  const quality = Number(readFileSync(kept('upload-quality', () => String(qualityFor(mosaic(1000, 2800, 2100), 1_900_000)))))
  const paths = Array.from({ length: count }, (_, index) =>
    kept(`upload-${String(index).padStart(3, '0')}.jpg`, () => jpeg(mosaic(1000 + index, 2800, 2100), quality)))
  return { quality, paths }
}

// `count` JPEGs of 800 × 600 and about 100 KB, no two with the same pixels.
export function small(count) {
  const quality = Number(readFileSync(kept('small-quality', () => String(qualityFor(mosaic(3000, 800, 600), 112_000)))))
  return Array.from({ length: count }, (_, index) =>
    kept(`small-${String(index).padStart(3, '0')}.jpg`, () => jpeg(mosaic(3000 + index, 800, 600), quality)))
}

// JPEGs of about the sizes that are served.
export function served() {
  const wanted = [['1 KB', 1000, 64, 48], ['20 KB', 20_000, 320, 240], ['100 KB', 100_000, 800, 600], ['1 MB', 1_000_000, 2000, 1500]]
  return wanted.map(([label, bytes, width, height], index) => {
    const make = () => {
      const ppm = mosaic(10 + index, width, height)
      return jpeg(ppm, qualityFor(ppm, bytes, '-optimize'), '-optimize')
    }
    return { label, path: kept(`served-${bytes}.jpg`, make) }
  })
}

// One picture of 24 megapixels in each format that is taken in.
export function large() {
  let ppm
  const source = () => (ppm ??= mosaic(77, 6000, 4000))
  const baseline = kept('24mp-baseline.jpg', () => jpeg(source(), 85))
  const made = (name, command, args) => kept(name, () => {
    const out = join(FOLDER, `made-${name}`)
    execFileSync(command, args(out), { stdio: 'ignore' })
    const bytes = readFileSync(out)
    rmSync(out)
    return bytes
  })
  return [
    ['JPEG, baseline', baseline],
    ['JPEG, progressive', kept('24mp-progressive.jpg', () => jpeg(source(), 85, '-progressive'))],
    ['PNG', kept('24mp.png', () => piped('pnmtopng', ['-compression', '1'], source()))],
    ['WebP', made('24mp.webp', 'cwebp', out => ['-quiet', '-q', '80', '-m', '2', baseline, '-o', out])],
    ['AVIF', made('24mp.avif', 'avifenc', out => ['--speed', '10', baseline, out])],
  ].map(([label, path]) => ({ label, path }))
}

// PNGs of 95 MB each: noise, stored and not compressed, so that size and pixels are what they seem.
export function huge(count) {
  return Array.from({ length: count }, (_, index) => kept(`95mb-${index}.png`, () => noisePng(5600, 5650, random(500 + index))))
}
