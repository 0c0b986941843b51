import { clipboard, linkOf, png, row, seed } from './support/files'
import { expect, type Page, test } from './support/test'

/** Presses Tab until the focus is on what is looked for. */
async function tabTo(page: Page, name: RegExp, most = 30): Promise<void> {
  for (let presses = 0; presses < most; presses += 1) {
    await page.keyboard.press('Tab')
    const label = await page.evaluate(() => {
      const element = document.activeElement
      return element?.getAttribute('aria-label') ?? element?.textContent ?? ''
    })
    if (name.test(label)) return
  }
  throw new Error(`Tab does not lead to ${name} within ${most} presses`)
}

test('upload, copy, retry and remove by keyboard alone', async ({ page }) => {
  await page.goto('/')
  await page.getByRole('heading', { level: 1 }).waitFor()
  // Waited for from here on: the browser is told to hand the chooser over, which takes a moment.
  const choosing = page.waitForEvent('filechooser')
  await tabTo(page, /^Choose/)
  await page.keyboard.press('Enter')
  await (await choosing).setFiles([
    { name: 'one.png', mimeType: 'image/png', buffer: png(1) },
    { name: 'two.png', mimeType: 'image/png', buffer: png(2) },
  ])
  await expect(linkOf(page, 'two.png')).toHaveValue(/^http/)
  await expect(linkOf(page, 'one.png')).toHaveValue(/^http/)

  await tabTo(page, /^Copy all links$/)
  await page.keyboard.press('Tab')
  await expect(page.getByRole('button', { name: 'Between the copied' })).toBeFocused()
  await page.keyboard.press('Tab')
  await expect(row(page, 'one.png')).toBeFocused()
  await page.keyboard.press('ArrowDown')
  await expect(row(page, 'two.png')).toBeFocused()
  await tabTo(page, /^Copy link of two\.png$/, 3)
  await page.keyboard.press('Enter')
  await expect.poll(() => clipboard(page)).toBe(await linkOf(page, 'two.png').inputValue())

  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('menuitem', { name: 'Copy link' })).toBeFocused()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect.poll(() => clipboard(page)).toMatch(/^!\[/)
  await expect(page.getByRole('button', { name: 'More for two.png' })).toBeFocused()

  await row(page, 'two.png').focus()
  await page.keyboard.press('Delete')
  await expect(page.getByRole('row')).toHaveCount(1)
  await expect(row(page, 'one.png')).toBeFocused()
})

test('the grid is one Tab stop; arrows move, Delete deletes, Ctrl+Z brings back', async ({ page }) => {
  await page.goto('/')
  await seed(page, 9)
  await page.goto('/images?view=grid')
  await page.getByRole('gridcell').getByRole('link').first().waitFor()
  await tabTo(page, /seed-009\.png/)
  await page.keyboard.press('ArrowRight')
  await expect(page.getByRole('link', { name: /seed-008\.png/ })).toBeFocused()
  await page.keyboard.press('End')
  await expect(page.getByRole('link', { name: /seed-001\.png/ })).toBeFocused()
  await page.keyboard.press('Home')
  await expect(page.getByRole('link', { name: /seed-009\.png/ })).toBeFocused()
  await page.keyboard.press('Delete')
  await expect(page.getByRole('link', { name: /seed-009\.png/ })).toHaveCount(0)
  await expect(page.getByRole('link', { name: /seed-008\.png/ })).toBeFocused()
  await page.keyboard.press('Control+Z')
  await expect(page.getByRole('link', { name: /seed-009\.png/ })).toHaveCount(1)
})
