import { brokenPng, drag, linkOf, photos, png } from './support/files'
import { expect, type Page, test } from './support/test'

/** Takes the picture of a state, and checks what can be checked of it: axe, and that nothing sticks out sideways. */
async function look(page: Page, axe: (page: Page) => Promise<void>, state: string): Promise<void> {
  await axe(page)
  const { scroll, client } = await page.evaluate(() => ({
    scroll: document.documentElement.scrollWidth,
    client: document.documentElement.clientWidth,
  }))
  expect(scroll, `${state} is wider than the window`).toBeLessThanOrEqual(client)
  await page.screenshot({ path: `e2e/screenshots/${test.info().project.name}-${state}.png` })
}

test('every page in every state is sound and fits', async ({ page, axe }) => {
  test.slow()
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  const network = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 60_000 }
  await page.goto('/images')
  await look(page, axe, 'images-empty')
  await page.goto('/')
  await look(page, axe, 'upload-empty')
  await drag(page, 'dragenter', photos(2))
  await expect(page.getByTestId('drop-overlay')).toBeVisible()
  await look(page, axe, 'upload-drop')
  await page.keyboard.press('Escape')
  await expect(page.getByTestId('drop-overlay')).toBeHidden()

  await session.send('Network.emulateNetworkConditions', network)
  await page
    .getByTestId('chooser')
    .setInputFiles([
      ...photos(5),
      { name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('%PDF-1.7 and so on') },
      { name: 'a scan with a rather long name that does not fit.png', mimeType: 'image/png', buffer: brokenPng },
    ])
  await expect(page.getByText(/sending [1-9]/).first()).toBeVisible()
  await look(page, axe, 'upload-midway')
  await page.getByRole('link', { name: 'Images', exact: true }).click()
  await expect(page.getByTestId('tray')).toBeVisible()
  await look(page, axe, 'images-tray')
  await page.getByRole('button', { name: 'Show' }).click()
  await session.send('Network.emulateNetworkConditions', { ...network, uploadThroughput: -1 })
  await expect(page.getByRole('textbox', { name: /^Link of/ })).toHaveCount(5, { timeout: 30_000 })
  await page.evaluate(() => scrollTo(0, 0))
  await look(page, axe, 'upload-results')
  await page.getByRole('button', { name: 'Between the copied' }).click()
  await expect(page.getByRole('menuitemradio').first()).toBeVisible()
  await look(page, axe, 'upload-join')
  await page.keyboard.press('Escape')
  await page
    .getByRole('button', { name: /^More for/ })
    .first()
    .click()
  await look(page, axe, 'upload-menu')
  await page.keyboard.press('Escape')

  await page.goto('/images?view=grid')
  await expect(page.getByRole('gridcell').getByRole('link')).toHaveCount(5)
  await page.waitForLoadState('networkidle')
  await look(page, axe, 'images-grid')
  await page.getByRole('button', { name: 'Order and size' }).click()
  await expect(page.getByRole('menuitemradio').first()).toBeVisible()
  await look(page, axe, 'images-order')
  await page.getByRole('menuitemradio', { name: 'Compact' }).click()
  await page.waitForLoadState('networkidle')
  await look(page, axe, 'images-compact')
  await page.getByRole('button', { name: 'Order and size' }).click()
  await page.getByRole('menuitemradio', { name: 'Comfortable' }).click()
  await page.getByRole('gridcell').getByRole('link').first().focus()
  await page.keyboard.press('Delete')
  await expect(page.getByTestId('toast')).toBeVisible()
  // It stays while it has the focus, which first goes on to the next picture.
  await expect(page.getByRole('gridcell').getByRole('link').first()).toBeFocused()
  await page.getByRole('button', { name: 'Undo' }).focus()
  await look(page, axe, 'images-toast')
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('radio', { name: 'Table' }).check()
  await expect(page.getByRole('table')).toBeVisible()
  await look(page, axe, 'images-table')
  await page.getByRole('button', { name: 'Order and size' }).click()
  await page.getByRole('menuitemradio', { name: 'Compact' }).click()
  await look(page, axe, 'images-table-compact')
})

test('the pages that the server renders are sound and fit', async ({ page, axe }) => {
  await page.goto('/')
  await page.getByTestId('chooser').setInputFiles([{ name: 'one.png', mimeType: 'image/png', buffer: png(1, 300) }])
  await expect(linkOf(page, 'one.png')).toHaveValue(/^http/)
  const link = await linkOf(page, 'one.png').inputValue()
  const id = link.match(/\/i\/(\w{17})/)?.[1] ?? ''
  await page.goto(`/p/${id}`)
  await expect(page.locator('img').first()).toBeVisible()
  await look(page, axe, 'page-share')
  await page.getByRole('link', { name: 'Report this picture' }).click()
  await look(page, axe, 'page-report')
  await page.getByRole('radio', { name: 'Something else' }).check()
  await page.getByLabel('What should the operator know?').fill('Just a test.')
  await page.getByRole('button', { name: 'Send the report' }).click()
  await expect(page.getByRole('heading', { name: 'Reported' })).toBeVisible()
  const missing = await page.goto(`/p/${id.split('').reverse().join('')}`)
  expect(missing?.status()).toBe(404)
  await look(page, axe, 'page-missing')
  expect((await page.request.delete(`/api/v1/images/${id}`)).status()).toBe(204)
  const gone = await page.goto(`/p/${id}`)
  expect(gone?.status()).toBe(410)
  await look(page, axe, 'page-gone')
})
