import { brokenPng, clipboard, drag, linkOf, pastePicture, photos, png, row } from './support/files'
import { expect, test } from './support/test'

test('five photographs by drop, paste and chooser get links that last', { tag: '@accept' }, async ({ page, axe }) => {
  const [first, second, third, fourth, fifth] = photos(5)
  if (!first || !second || !third || !fourth || !fifth) return
  await page.goto('/')
  await expect(page.getByText('Everything stays on this server.')).toBeVisible()
  await drag(page, 'dragenter', [first, second])
  await expect(page.getByTestId('drop-overlay')).toHaveText('Drop to upload 2 images')
  await drag(page, 'drop', [first, second])
  await expect(page.getByTestId('drop-overlay')).toBeHidden()
  await pastePicture(page, third.buffer)
  const choosing = page.waitForEvent('filechooser')
  await page.getByRole('button', { name: /^Choose (images|photos)$/ }).click()
  await (await choosing).setFiles([fourth, fifth])

  await expect(page.getByRole('row')).toHaveCount(5)
  await expect(page.getByRole('textbox', { name: /^Link of/ })).toHaveCount(5)
  await expect(row(page, 'pasted-')).toHaveCount(1)
  for (const name of [first.name, second.name, fourth.name, fifth.name]) {
    const link = await linkOf(page, name).inputValue()
    expect(link).toMatch(/\/i\/[1-9A-HJ-NP-Za-km-z]{17}\.png$/)
    const served = await page.request.get(link)
    expect(served.status()).toBe(200)
    expect(served.headers()['content-type']).toBe('image/png')
  }
  await axe(page)
})

test('the format changes every row and the copies, and is remembered', async ({ page }) => {
  await page.goto('/')
  await page.getByTestId('chooser').setInputFiles([
    { name: 'one.png', mimeType: 'image/png', buffer: png(1) },
    { name: 'two.png', mimeType: 'image/png', buffer: png(2) },
  ])
  await expect(linkOf(page, 'one.png')).toHaveValue(/^http/)
  await expect(linkOf(page, 'two.png')).toHaveValue(/^http/)
  const link = await linkOf(page, 'one.png').inputValue()

  await page.getByRole('button', { name: 'Copy link of one.png' }).click()
  // What can be seen: the longer word is always there, hidden, to keep the width.
  await expect(page.getByRole('button', { name: 'Copy link of one.png' })).toHaveText('Copied', { useInnerText: true })
  expect(await clipboard(page)).toBe(link)

  for (const [format, pattern] of [
    ['Markdown', /^!\[.*\]\(http.*\)$/],
    ['HTML', /^<img .*>$/],
    ['BBCode', /^\[img\]http.*\[\/img\]$/],
  ] as const) {
    await page.getByRole('radio', { name: format }).check()
    await expect(linkOf(page, 'one.png')).toHaveValue(pattern)
    await page.getByRole('button', { name: `Copy all as ${format}` }).click()
    await expect.poll(async () => (await clipboard(page)).split('\n').length).toBe(2)
    for (const line of (await clipboard(page)).split('\n')) expect(line).toMatch(pattern)
  }
  // BBCode holds now.
  for (const [words, pattern] of [
    ['Spaces', /^\[img\]\S+ \[img\]\S+$/],
    ['Commas', /^\[img\]\S+, \[img\]\S+$/],
    ['Markdown list', /^- \[img\]\S+\n- \[img\]\S+$/],
  ] as const) {
    await page.getByRole('button', { name: 'Between the copied' }).click()
    await page.getByRole('menuitemradio', { name: words }).click()
    await page.getByRole('button', { name: 'Copy all as BBCode' }).click()
    await expect.poll(() => clipboard(page)).toMatch(pattern)
  }
  await page.getByRole('button', { name: 'Between the copied' }).click()
  await expect(page.getByRole('menuitemradio', { name: 'Markdown list' })).toBeChecked()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'More for one.png' }).click()
  await page.getByRole('menuitem', { name: 'Copy page link' }).click()
  await expect.poll(() => clipboard(page)).toMatch(/\/p\/\w{17}$/)
  await page.reload()
  await page.getByTestId('chooser').setInputFiles([{ name: 'three.png', mimeType: 'image/png', buffer: png(3) }])
  await expect(linkOf(page, 'three.png')).toHaveValue(/^\[img\]/)
})

test('a refused file says why on its row while the others go on', async ({ page, axe }) => {
  await page.goto('/')
  await page.getByTestId('chooser').setInputFiles([
    { name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('%PDF-1.7 and so on') },
    { name: 'broken.png', mimeType: 'image/png', buffer: brokenPng },
    { name: 'empty.png', mimeType: 'image/png', buffer: Buffer.alloc(0) },
    { name: 'good.png', mimeType: 'image/png', buffer: png(4) },
  ])
  await expect(linkOf(page, 'good.png')).toHaveValue(/^http/)
  await expect(row(page, 'notes.png')).toContainText(/This is a PDF document; the server takes JPEG/)
  await expect(row(page, 'empty.png')).toContainText('The file is empty.')
  await expect(row(page, 'broken.png').getByRole('textbox')).toHaveCount(0)
  await expect(row(page, 'broken.png')).not.toContainText(/Checking|sending|Waiting/)
  await expect(page.getByRole('heading', { name: '1 uploaded, 3 refused' })).toBeVisible()
  await axe(page)
  await page.getByRole('button', { name: 'Remove notes.png' }).click()
  await expect(row(page, 'notes.png')).toHaveCount(0)
})

test('the same file again says so, with the same link', async ({ page }) => {
  const file = { name: 'again.png', mimeType: 'image/png', buffer: png(5) }
  await page.goto('/')
  await page.getByTestId('chooser').setInputFiles([file])
  await expect(linkOf(page, 'again.png')).toHaveValue(/^http/)
  const link = await linkOf(page, 'again.png').inputValue()
  await page.getByTestId('chooser').setInputFiles([{ ...file, name: 'twice.png' }])
  await expect(row(page, 'twice.png')).toContainText(/Already here since .*\. Same link\./)
  await expect(linkOf(page, 'twice.png')).toHaveValue(link)
})

test('a fault of the server says its request id, to be copied, and may be tried again', async ({ page, axe }) => {
  const problem = {
    type: 'about:blank',
    title: 'Internal error',
    status: 500,
    detail: 'The catalogue could not be written. Try again in a moment.',
    code: 'internal',
    request_id: '01k9-fault-77',
  }
  await page.route('**/api/v1/images', route =>
    route.request().method() === 'POST'
      ? route.fulfill({ status: 500, contentType: 'application/problem+json', body: JSON.stringify(problem) })
      : route.fallback(),
  )
  await page.goto('/')
  await page.getByTestId('chooser').setInputFiles([{ name: 'unlucky.png', mimeType: 'image/png', buffer: png(6) }])
  await expect(row(page, 'unlucky.png')).toContainText(problem.detail)
  await expect(row(page, 'unlucky.png').getByText(problem.request_id, { exact: true })).toBeVisible()
  await page.getByRole('button', { name: `Copy request id ${problem.request_id}` }).click()
  await expect.poll(() => clipboard(page)).toBe(problem.request_id)
  await axe(page)
  await page.screenshot({ path: `e2e/screenshots/${test.info().project.name}-upload-fault.png` })
  await page.unroute('**/api/v1/images')
  await page.getByRole('button', { name: 'Retry unlucky.png' }).click()
  await expect(linkOf(page, 'unlucky.png')).toHaveValue(/^http/)
})

test('a picture of too many pixels is refused with both numbers before a byte is sent', async ({ page }) => {
  const sent: string[] = []
  page.on('request', request => {
    if (request.method() === 'POST') sent.push(request.url())
  })
  const huge = png(7)
  // Width and height of IHDR; the check sum no longer fits, which nobody gets to see.
  huge.writeUInt32BE(30_000, 16)
  huge.writeUInt32BE(30_000, 20)
  await page.goto('/')
  await page.getByTestId('chooser').setInputFiles([{ name: 'huge.png', mimeType: 'image/png', buffer: huge }])
  await expect(row(page, 'huge.png')).toContainText(
    'This picture has 900,000,000 pixels (30,000 × 30,000); the limit is 100,000,000.',
  )
  expect(sent).toEqual([])
})
