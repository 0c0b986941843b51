import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import type { Locator, Page } from '@playwright/test'
import { expect, test } from './test'

const FOLDER = process.env.TINTYPE_FIXTURES ?? join(import.meta.dirname, '../../../../shared/fixtures')

export interface Upload {
  name: string
  mimeType: string
  buffer: Buffer
}

/** The first `count` photographs of the fixtures. Missing ones skip the test by name, and fail it where CI is set. */
export function photos(count: number): Upload[] {
  const folder = join(FOLDER, 'photos')
  const names = existsSync(folder) ? readdirSync(folder).filter(name => name.endsWith('.png')) : []
  if (names.length < count) {
    if (process.env.CI) throw new Error(`${folder} has ${names.length} photographs; ${count} are needed`)
    test.skip(true, `${folder} has ${names.length} photographs; ${count} are needed`)
  }
  const sorted = names.toSorted((a, b) => b.localeCompare(a)).slice(0, count)
  return sorted.map(name => ({ name: basename(name), mimeType: 'image/png', buffer: readFileSync(join(folder, name)) }))
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/** A whole PNG (RGB, 8 bit) whose colours follow from `seed`, so that no two seeds below 256 give the same bytes. */
export function png(seed: number, side = 24): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const rows = Buffer.alloc(side * (1 + side * 3))
  for (let y = 0; y < side; y += 1)
    for (let x = 0; x < side; x += 1) {
      const at = y * (1 + side * 3) + 1 + x * 3
      rows.set([(seed * 37 + x * 5) & 255, (seed * 91 + y * 5) & 255, (seed * 13 + x * y) & 255], at)
    }
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

/** Passes the browser's first look, and no decoder. */
export const brokenPng = Buffer.concat([SIGNATURE, Buffer.from('this is no picture at all, whatever it begins with')])

/**
 * Uploads `count` small images as this browser, by the API; the last is the newest. Many go four at a time, so that
 * neighbours may change places.
 */
export async function seed(page: Page, count: number): Promise<void> {
  const together = count > 20 ? 4 : 1
  for (let from = 1; from <= count; from += together) {
    const numbers = Array.from({ length: Math.min(together, count - from + 1) }, (_, index) => from + index)
    await Promise.all(
      numbers.map(async number => {
        const file = { name: `seed-${String(number).padStart(3, '0')}.png`, mimeType: 'image/png', buffer: png(number) }
        const response = await page.request.post('/api/v1/images', { multipart: { file } })
        expect(response.status()).toBe(201)
      }),
    )
  }
}

/** A drag event with files, as the browser makes it, on the window's body. */
export async function drag(
  page: Page,
  type: 'dragenter' | 'dragover' | 'dragleave' | 'drop',
  files: Upload[],
): Promise<void> {
  await page.evaluate(
    ([type, files]) => {
      const transfer = new DataTransfer()
      for (const { name, mimeType, data } of files) {
        const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0))
        transfer.items.add(new File([bytes], name, { type: mimeType }))
      }
      document.body.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: transfer }))
    },
    [type, files.map(({ name, mimeType, buffer }) => ({ name, mimeType, data: buffer.toString('base64') }))] as const,
  )
}

/**
 * A paste event on an element, as the browser makes it for text and files. Says whether the app took it, so that the
 * browser does nothing more with it.
 */
export function paste(on: Locator, text: string, files: Upload[] = []): Promise<boolean> {
  const given = files.map(({ name, mimeType, buffer }) => ({ name, mimeType, data: buffer.toString('base64') }))
  return on.evaluate(
    (element, [text, files]) => {
      const transfer = new DataTransfer()
      if (text !== '') transfer.setData('text/plain', text)
      for (const { name, mimeType, data } of files) {
        const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0))
        transfer.items.add(new File([bytes], name, { type: mimeType }))
      }
      return !element.dispatchEvent(
        new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: transfer }),
      )
    },
    [text, given] as const,
  )
}

/** Puts a picture into the clipboard as a screenshot tool would, and presses the keys. */
export async function pastePicture(page: Page, picture: Buffer): Promise<void> {
  await page.evaluate(async data => {
    const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0))
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': new Blob([bytes], { type: 'image/png' }) })])
  }, picture.toString('base64'))
  await page.keyboard.press('ControlOrMeta+V')
}

export const clipboard = (page: Page) => page.evaluate(() => navigator.clipboard.readText())

/** The row of a file on the upload page. */
export const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name })
export const linkOf = (page: Page, name: string) => page.getByRole('textbox', { name: `Link of ${name}` })
