import { clipboard, png, seed } from './support/files'
import { expect, type Page, test } from './support/test'

const tiles = (page: Page) => page.getByRole('gridcell').getByRole('link')

test('an empty list is the drop plate, and fills without a reload', async ({ page }) => {
  await page.goto('/images')
  await expect(page.getByText('What you upload from this browser appears here.')).toBeVisible()
  await page.getByTestId('chooser').setInputFiles([{ name: 'first.png', mimeType: 'image/png', buffer: png(1) }])
  await expect(tiles(page)).toHaveCount(1)
  await expect(page.getByText('1 image', { exact: true })).toBeVisible()
})

test('grid and table show the same, newest first; the choice is in the address and remembered', async ({ page }) => {
  await page.goto('/')
  await seed(page, 5)
  await page.goto('/images')
  await expect(tiles(page)).toHaveCount(5)
  await expect(tiles(page).first()).toHaveAccessibleName(/seed-005\.png/)
  await page.getByRole('radio', { name: 'Table' }).check()
  await expect(page).toHaveURL(/\/images\?view=table$/)
  const rows = page
    .getByRole('table')
    .getByRole('row')
    .filter({ has: page.getByRole('cell') })
  await expect(rows).toHaveCount(5)
  await expect(rows.first()).toContainText('seed-005.png')
  const link = await rows.first().getByRole('link').last().textContent()
  expect(link).toMatch(/^http:\/\/.*\/i\/\w{17}\.png$/)
  expect((await page.request.get(link ?? '')).status()).toBe(200)
  await expect(rows.first()).toContainText(/\d+ bytes|kB/)
  await expect(rows.first().locator('time')).toHaveAttribute('datetime', /^\d{4}-\d\d-\d\dT/)
  await rows.first().getByRole('button', { name: 'Copy link of seed-005.png' }).click()
  await expect.poll(() => clipboard(page)).toBe(link)

  await page.reload()
  await expect(rows).toHaveCount(5)
  await page.goto('/images')
  await expect(rows).toHaveCount(5)
})

test('order and density are chosen from a menu, stand in the address and are remembered', async ({
  page,
  isMobile,
}) => {
  await page.goto('/')
  await seed(page, 12)
  await page.goto('/images?view=grid')
  await expect(tiles(page)).toHaveCount(12)
  const choose = async (words: string) => {
    await page.getByRole('button', { name: 'Order and size' }).click()
    await page.getByRole('menuitemradio', { name: words }).click()
  }
  const columns = async () => Number(await page.getByRole('grid').getAttribute('aria-colcount'))
  const wide = await columns()
  await choose('Oldest first')
  await expect(page).toHaveURL(/\/images\?view=grid&order=oldest$/)
  await expect(tiles(page).first()).toHaveAccessibleName(/seed-001\.png/)
  await choose('Compact')
  await expect(page).toHaveURL(/density=compact$/)
  await expect.poll(columns).toBeGreaterThan(isMobile ? wide : wide + 2)
  await page.getByRole('button', { name: 'Order and size' }).click()
  await expect(page.getByRole('menuitemradio', { name: 'Oldest first' })).toBeChecked()
  await expect(page.getByRole('menuitemradio', { name: 'Newest first' })).not.toBeChecked()
  await page.keyboard.press('Escape')

  // What is uploaded meanwhile comes at the end; what is deleted there comes back there.
  const upload = { name: 'last.png', mimeType: 'image/png', buffer: png(99) }
  expect((await page.request.post('/api/v1/images', { multipart: { file: upload } })).status()).toBe(201)
  await page.reload()
  await expect(tiles(page)).toHaveCount(13)
  await expect(tiles(page).last()).toHaveAccessibleName(/last\.png/)
  await tiles(page).first().focus()
  await page.keyboard.press('Delete')
  await expect(tiles(page).first()).toHaveAccessibleName(/seed-002\.png/)
  await page.keyboard.press('ControlOrMeta+Z')
  await expect(tiles(page).first()).toHaveAccessibleName(/seed-001\.png/)
  // It is shown before the server has it back.
  await expect(page.getByTestId('toast')).toContainText('1 image restored')

  await page.goto('/images')
  await expect(tiles(page).first()).toHaveAccessibleName(/seed-001\.png/)
  expect(await columns()).toBeGreaterThan(wide)
  await page.getByRole('radio', { name: 'Table' }).check()
  const rows = page
    .getByRole('table')
    .getByRole('row')
    .filter({ has: page.getByRole('cell') })
  await expect(rows.first()).toContainText('seed-001.png')
  const height = async () => (await rows.first().boundingBox())?.height ?? 0
  const low = await height()
  await choose('Comfortable')
  await expect.poll(height).toBeGreaterThan(low)
  await choose('Newest first')
  await expect(rows.first()).toContainText('last.png')
})

test('delete is undone by the toast’s button and by Ctrl+Z', async ({ page }) => {
  await page.goto('/')
  await seed(page, 3)
  await page.goto('/images?view=grid')
  await expect(tiles(page)).toHaveCount(3)
  const href = (await tiles(page).nth(1).getAttribute('href')) ?? ''
  const image = `/i/${href.split('/').pop()}`
  const remove = async () => {
    await page.getByRole('gridcell').nth(2).hover()
    await page.getByRole('button', { name: 'More for seed-002.png' }).click()
    await page.getByRole('menuitem', { name: 'Delete', exact: true }).click()
    await expect(tiles(page)).toHaveCount(2)
    await expect(page.getByTestId('toast')).toContainText('1 image deleted')
    await expect.poll(async () => (await page.request.get(image)).status()).toBe(410)
  }
  await remove()
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(tiles(page)).toHaveCount(3)
  await expect(tiles(page).nth(1)).toHaveAccessibleName(/seed-002\.png/)
  await expect.poll(async () => (await page.request.get(image)).status()).toBe(200)

  await remove()
  await page.keyboard.press('ControlOrMeta+Z')
  await expect(tiles(page)).toHaveCount(3)
  await expect.poll(async () => (await page.request.get(image)).status()).toBe(200)
  await page.reload()
  await expect(tiles(page)).toHaveCount(3)
})

test('the toast waits while the pointer rests on it, then goes', async ({ page, isMobile }) => {
  test.skip(isMobile, 'a finger does not rest')
  await page.goto('/')
  await seed(page, 2)
  await page.clock.install()
  await page.goto('/images?view=grid')
  await tiles(page).first().focus()
  await page.keyboard.press('Delete')
  const toast = page.getByTestId('toast')
  await expect(toast).toBeVisible()
  await toast.hover()
  await page.clock.runFor(20_000)
  await expect(toast).toBeVisible()
  await page.mouse.move(640, 10)
  await page.clock.runFor(9_000)
  await expect(toast).toBeHidden()
})

test('a list of many pages draws what is in sight, and keeps its place over Back and reload', async ({ page }) => {
  test.slow()
  await page.goto('/')
  await seed(page, 230)
  await page.goto('/images?view=table')
  await expect(page.getByText('230 images')).toBeVisible()
  await page.mouse.move(200, 400)
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight))
  await expect(page.getByText('seed-001.png')).toBeVisible()
  expect(await page.getByRole('row').count()).toBeLessThan(40)

  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight / 2))
  await expect.poll(() => page.getByText(/^seed-\d+\.png$/).count()).toBeGreaterThan(3)
  const inSight = () =>
    page.evaluate(() => {
      const element = document.elementsFromPoint(200, 450).find(each => each.closest('[role=row]'))
      return element?.closest('[role=row]')?.textContent?.match(/seed-\d+\.png/)?.[0]
    })
  await expect.poll(inSight).toBeTruthy()
  const before = await inSight()
  // The place is written in the frame after the scroll.
  await page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))))

  // Dispatched, because a real click scrolls to the sticky bar first.
  await page.getByRole('link', { name: 'Upload', exact: true }).dispatchEvent('click')
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Drop a picture. Get a link.')
  await page.goBack()
  await expect.poll(inSight).toBe(before)
  await page.reload()
  await expect.poll(inSight).toBe(before)
  await page.goto('/')
  await page.goBack()
  await expect.poll(inSight).toBe(before)
})

test('tabs switch without loading the page anew', async ({ page }) => {
  await page.goto('/')
  await page.evaluate(() => Object.assign(window, { stillHere: true }))
  await page.getByRole('link', { name: 'Images', exact: true }).click()
  await expect(page).toHaveURL(/\/images/)
  await page.getByRole('link', { name: 'Upload', exact: true }).click()
  await expect(page).toHaveURL(/\/$/)
  await page.goBack()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Images')
  expect(await page.evaluate(() => 'stillHere' in window)).toBe(true)
})

test('the theme is chosen, written for the server, and kept', async ({ page, context }) => {
  await page.goto('/')
  await page.getByRole('radio', { name: 'Dark' }).check()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  expect((await context.cookies()).find(cookie => cookie.name === 'tintype_theme')?.value).toBe('dark')
  await page.reload()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  await expect(page.getByRole('radio', { name: 'Dark' })).toBeChecked()
  await page.getByRole('radio', { name: 'As the system' }).check()
  await page.reload()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'auto')
})
