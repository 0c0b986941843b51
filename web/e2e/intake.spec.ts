import { drag, linkOf, png, row } from './support/files'
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

test('uploads go on while another tab is shown, and the tray tells', async ({ page }) => {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  await page.goto('/')
  const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 60_000 }
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
