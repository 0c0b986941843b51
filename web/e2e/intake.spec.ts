import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drag, linkOf, paste, png, row } from './support/files'
import { expect, test } from './support/test'

const file = (name: string, seed: number) => ({ name, mimeType: 'image/png', buffer: png(seed) })

test('a drag of text or a tab shows nothing, and leaving ends a drag of files', async ({ page }) => {
  await page.goto('/')
  await page.evaluate(() => {
    const transfer = new DataTransfer()
    transfer.setData('text/plain', 'words')
    document.body.dispatchEvent(new DragEvent('dragenter', { bubbles: true, dataTransfer: transfer }))
  })
  const overlay = page.getByTestId('drop-overlay')
  await expect(overlay).toBeHidden()
  await drag(page, 'dragenter', [file('a.png', 1)])
  await drag(page, 'dragenter', [file('a.png', 1)])
  await drag(page, 'dragleave', [file('a.png', 1)])
  await expect(overlay).toBeVisible()
  await drag(page, 'dragleave', [file('a.png', 1)])
  await expect(overlay).toBeHidden()
  await drag(page, 'dragenter', [file('a.png', 1)])
  await page.keyboard.press('Escape')
  await expect(overlay).toBeHidden()
})

test('a pasted address does nothing, a pasted file keeps its name', async ({ page }) => {
  await page.goto('/')
  await page.evaluate(() => navigator.clipboard.writeText('https://example.org/picture.png'))
  await page.keyboard.press('ControlOrMeta+V')
  await expect(page.getByRole('row')).toHaveCount(0)
  await page.evaluate(data => {
    const transfer = new DataTransfer()
    const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0))
    transfer.items.add(new File([bytes], 'from-a-folder.png', { type: 'image/png' }))
    document.body.dispatchEvent(
      new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: transfer }),
    )
  }, png(6).toString('base64'))
  await expect(linkOf(page, 'from-a-folder.png')).toHaveValue(/^http/)
})

test('several files of one paste all come in, and those without a name get one each', async ({ page }) => {
  await page.goto('/')
  // What browsers call a bitmap that never was a file.
  const files = [file('one.png', 21), file('two.png', 22), file('image.png', 23), file('image.png', 24)]
  expect(await paste(page.locator('body'), '', files)).toBe(true)
  await expect(page.getByRole('row')).toHaveCount(4)
  await expect(linkOf(page, 'one.png')).toHaveValue(/^http/)
  await expect(linkOf(page, 'two.png')).toHaveValue(/^http/)
  await expect(page.getByRole('textbox', { name: /^Link of pasted-[-\d]{15}\.png$/ })).toHaveValue(/^http/)
  await expect(page.getByRole('textbox', { name: /^Link of pasted-[-\d]{15}-2\.png$/ })).toHaveValue(/^http/)
})

test('a paste inside a field is left to the field, unless it has files', async ({ page }) => {
  await page.goto('/')
  await page.getByTestId('chooser').setInputFiles([file('first.png', 25)])
  const field = linkOf(page, 'first.png')
  await expect(field).toHaveValue(/^http/)
  expect(await paste(field, 'https://example.org/picture.png')).toBe(false)
  expect(await paste(field, 'a caption', [file('second.png', 26)])).toBe(true)
  await expect(linkOf(page, 'second.png')).toHaveValue(/^http/)
  await expect(page.getByRole('row')).toHaveCount(2)
})

test('the Paste button takes the picture in the clipboard, and says when there is none', async ({ page }) => {
  await page.goto('/')
  await page.evaluate(() => navigator.clipboard.writeText('words'))
  await page.getByRole('button', { name: 'Paste' }).click()
  await expect(page.getByText('There is no picture in the clipboard.')).toBeVisible()
  await page.evaluate(async data => {
    const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0))
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': new Blob([bytes], { type: 'image/png' }) })])
  }, png(7).toString('base64'))
  await page.getByRole('button', { name: 'Paste' }).click()
  await expect(page.getByRole('textbox', { name: /^Link of pasted-\d{4}-\d\d-\d\d-\d{4}\.png$/ })).toHaveValue(/^http/)
})

test('what is dropped before the app runs is kept', async ({ page }) => {
  let release = () => {}
  const gate = new Promise<void>(resolve => {
    release = resolve
  })
  await page.route(/\/assets\/index-.*\.js/, async route => {
    await gate
    await route.continue()
  })
  await page.goto('/', { waitUntil: 'commit' })
  await page.waitForFunction(() => window.tintypeEarly !== undefined && document.body !== null)
  await drag(page, 'drop', [file('early.png', 8)])
  release()
  await expect(linkOf(page, 'early.png')).toHaveValue(/^http/)
})

test('a camera is offered where there may be one', async ({ page, isMobile }) => {
  await page.goto('/')
  await expect(page.getByRole('button', { name: 'Camera' })).toHaveCount(isMobile ? 1 : 0)
})

test('a folder is chosen whole, with the folders inside', async ({ page, isMobile }) => {
  await page.goto('/')
  const button = page.getByRole('button', { name: 'Choose a folder' })
  if (isMobile) return await expect(button).toHaveCount(0)
  await expect(button).toBeVisible()
  const folder = test.info().outputPath('trip')
  mkdirSync(join(folder, 'day 2'), { recursive: true })
  const put = (name: string, seed: number) => writeFileSync(join(folder, name), png(seed))
  put('10.png', 61)
  put('9.png', 62)
  put(join('day 2', '1.png'), 63)
  writeFileSync(join(folder, '.DS_Store'), 'litter')
  const chooser = page.waitForEvent('filechooser')
  await button.click()
  await (await chooser).setFiles(folder)
  const names = page.getByRole('textbox', { name: /^Link of/ })
  await expect(names).toHaveCount(3)
  await expect(page.getByRole('row')).toHaveCount(3)
  const shown = await names.evaluateAll(fields => fields.map(field => field.getAttribute('aria-label')))
  expect(shown.toSorted()).toEqual(['Link of 1.png', 'Link of 10.png', 'Link of 9.png'])
})

test('the chooser takes several files of the types that the server takes', async ({ page }) => {
  await page.goto('/')
  const chooser = page.getByTestId('chooser')
  await expect(chooser).toHaveAttribute('multiple', '')
  const accept = ((await chooser.getAttribute('accept')) ?? '').split(',')
  const config = await (await page.request.get('/api/v1/config')).json()
  const types: { media_type: string; extensions: string[] }[] = config.upload.accepted
  expect(types.length).toBeGreaterThan(3)
  expect(accept).toEqual(types.flatMap(type => [type.media_type, ...type.extensions.map(each => `.${each}`)]))
})

const WEBKIT = 'AppleWebKit/605.1.15 (KHTML, like Gecko)'
for (const [device, userAgent, fingers] of [
  ['an iPhone', `Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) ${WEBKIT} Version/18.5 Mobile/15E148`, 5],
  ['an iPad that calls itself a Mac', `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${WEBKIT} Version/18.5`, 5],
  ['a Mac', `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${WEBKIT} Version/18.5`, 0],
] as const)
  test.describe(`on ${device}`, () => {
    test.use({ userAgent })
    const whole = fingers > 0
    test(
      whole ? 'any picture may be chosen, so that HEIC arrives as JPEG' : 'the types are named',
      async ({ page }) => {
        await page.addInitScript(count => {
          Object.defineProperty(navigator, 'maxTouchPoints', { get: () => count })
        }, fingers)
        await page.goto('/')
        const chooser = page.getByTestId('chooser')
        await expect(chooser).toHaveAttribute('accept', whole ? 'image/*' : /^image\/jpeg,\.jpg,/)
        await expect(chooser).toHaveAttribute('multiple', '')
      },
    )
  })

test('uploads go on while another tab is shown, and the tray tells', async ({ page }) => {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  await page.goto('/')
  const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 20_000 }
  await session.send('Network.emulateNetworkConditions', slow)
  const big = { name: 'big.png', mimeType: 'image/png', buffer: Buffer.concat([png(9, 400), Buffer.alloc(200_000)]) }
  await page.getByTestId('chooser').setInputFiles([big, file('small.png', 10)])
  await expect(row(page, 'big.png').getByRole('progressbar', { name: 'Uploading big.png' })).toBeVisible()
  await expect(row(page, 'big.png')).toContainText(/sending \d+ %/)
  await page.getByRole('link', { name: 'Images', exact: true }).click()
  await expect(page.getByTestId('tray')).toContainText(/\d of 2/)
  await session.send('Network.emulateNetworkConditions', { ...slow, uploadThroughput: -1 })
  await expect(page.getByTestId('tray')).toContainText('All 2 uploaded')
  // The images came in without a reload.
  await expect(page.getByRole('gridcell').getByRole('link')).toHaveCount(2)
  await page.getByRole('button', { name: 'Show' }).click()
  await expect(page).toHaveURL(/\/$/)
  await expect(linkOf(page, 'big.png')).toHaveValue(/^http/)
})

test('a screen reader hears the end once', async ({ page }) => {
  await page.goto('/')
  await page.getByTestId('chooser').setInputFiles([file('a.png', 11), file('b.png', 12)])
  await expect(page.getByTestId('live').getByRole('status')).toHaveText('All 2 uploaded')
  await page
    .getByTestId('chooser')
    .setInputFiles([{ name: 'no.png', mimeType: 'image/png', buffer: Buffer.from('just words') }])
  await expect(page.getByTestId('live').getByRole('alert')).toHaveText(
    /^no\.png: This is not a picture; the server takes/,
  )
})
