import { linkOf, png, row, seed } from './support/files'
import { expect, type Page, test } from './support/test'

const FINGER_PX = 44

/** Everything in sight that a finger may aim at and that is smaller than a finger, as "name: width × height". */
function tooSmall(page: Page): Promise<string[]> {
  return page.evaluate(least => {
    const found: string[] = []
    // A radio button is hit through its label.
    const targets = 'a[href], button, label, textarea, input:not([type=radio]), [role=menuitem], [role=row][tabindex]'
    for (const element of document.querySelectorAll(targets)) {
      if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue
      const { width, height, right, bottom } = element.getBoundingClientRect()
      // Out of the window until it has the focus: the link that skips to the content.
      if (right <= 0 || bottom <= 0) continue
      // Sizes are rounded where the layout divides a width.
      if (width >= least - 0.5 && height >= least - 0.5) continue
      const name = element.getAttribute('aria-label') ?? element.textContent?.trim()
      found.push(`${name || element.outerHTML}: ${width} × ${height}`)
    }
    return found
  }, FINGER_PX)
}

test('under fingers every target is 44 px large', async ({ page, isMobile }) => {
  test.skip(!isMobile, 'a mouse aims at less; look.spec.ts holds 24 px')
  await page.goto('/images')
  await expect(page.getByRole('button', { name: 'Camera' })).toBeVisible()
  expect(await tooSmall(page)).toEqual([])
  await page.goto('/')
  await page.getByTestId('chooser').setInputFiles([
    { name: 'one.png', mimeType: 'image/png', buffer: png(1) },
    { name: 'two.png', mimeType: 'image/png', buffer: png(2) },
    { name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('%PDF-1.7 and so on') },
  ])
  await expect(linkOf(page, 'one.png')).toHaveValue(/^http/)
  await expect(linkOf(page, 'two.png')).toHaveValue(/^http/)
  await expect(row(page, 'notes.png')).toContainText('PDF')
  expect(await tooSmall(page)).toEqual([])
  await page.getByRole('button', { name: 'More for one.png' }).click()
  await expect(page.getByRole('menuitem').first()).toBeVisible()
  expect(await tooSmall(page)).toEqual([])

  await page.goto('/images?view=grid')
  await expect(page.getByRole('gridcell').getByRole('link')).toHaveCount(2)
  expect(await tooSmall(page)).toEqual([])
  await page.getByRole('button', { name: 'More for one.png' }).click()
  expect(await tooSmall(page)).toEqual([])
  await page.getByRole('menuitem', { name: 'Delete', exact: true }).click()
  await expect(page.getByTestId('toast')).toBeVisible()
  expect(await tooSmall(page)).toEqual([])
  await page.getByRole('radio', { name: 'Table' }).check()
  await expect(page.getByRole('table')).toBeVisible()
  expect(await tooSmall(page)).toEqual([])
})

/** Whether something that stays in place lies over the element that has the focus: what, or null. */
function covered(page: Page): Promise<string | null> {
  return page.evaluate(() => {
    const element = document.activeElement
    if (!element || element === document.body) return 'nothing has the focus'
    const { left, right, top, bottom } = element.getBoundingClientRect()
    const name = element.getAttribute('aria-label') ?? element.textContent?.slice(0, 40) ?? ''
    if (top < 0 || bottom > innerHeight) return `${name} is outside of the window: ${top} to ${bottom}`
    for (const y of [top + 2, bottom - 2]) {
      const hit = document.elementFromPoint((left + right) / 2, y)
      if (!hit || !(element.contains(hit) || hit.contains(element) || hit.closest('label')?.contains(element)))
        return `${name} at ${y} is under ${hit?.outerHTML.slice(0, 120)}`
    }
    return null
  })
}

/** Presses a key again and again, and looks at the focus each time, once the list has drawn what came into sight. */
async function walk(page: Page, key: string, presses: number): Promise<void> {
  for (let press = 0; press < presses; press += 1) {
    await page.keyboard.press(key)
    await expect.poll(() => covered(page), `${key}, press ${press + 1}`).toBeNull()
  }
}

test('the focus never lies under the bars', async ({ page }) => {
  test.slow()
  await page.goto('/')
  const files = Array.from({ length: 24 }, (_, index) => ({
    name: `file-${String(index).padStart(2, '0')}.png`,
    mimeType: 'image/png',
    // Of another size than what is seeded below, so that none is a duplicate.
    buffer: png(index, 32),
  }))
  await page.getByTestId('chooser').setInputFiles(files)
  await expect(page.getByRole('textbox', { name: /^Link of/ })).toHaveCount(24, { timeout: 30_000 })
  await row(page, 'file-00.png').focus()
  await walk(page, 'ArrowDown', 23)
  await expect(row(page, 'file-23.png')).toBeFocused()
  await walk(page, 'ArrowUp', 23)
  await walk(page, 'Shift+Tab', 4)

  await seed(page, 60)
  for (const view of ['grid', 'table']) {
    await page.goto(`/images?view=${view}`)
    const tile = page.getByRole(view === 'grid' ? 'gridcell' : 'cell').getByRole('link')
    await tile.first().focus()
    await walk(page, view === 'grid' ? 'ArrowDown' : 'Tab', 12)
    await walk(page, view === 'grid' ? 'ArrowUp' : 'Shift+Tab', 12)
  }
})
