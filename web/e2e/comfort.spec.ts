import { linkOf, png, row, seed } from './support/files'
import { expect, type Page, test } from './support/test'

/** Every element and pseudo-element that would move or change its filter, as "element: what". */
function moving(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = []
    for (const element of document.querySelectorAll('*'))
      for (const pseudo of ['', '::before', '::after']) {
        const style = getComputedStyle(element, pseudo || null)
        const name = `${element.tagName}.${element.className}${pseudo}`
        if (style.transitionDuration.split(', ').some(duration => duration !== '0s')) found.push(`${name}: transition`)
        if (style.animationName !== 'none') found.push(`${name}: animation`)
      }
    return found
  })
}

/** An upload under way, its results, and a list with a toast. `visit` is called in each. */
async function states(page: Page, visit: (state: string) => Promise<void>): Promise<void> {
  await page.goto('/')
  await page.getByTestId('chooser').setInputFiles([
    { name: 'one.png', mimeType: 'image/png', buffer: png(1, 200) },
    { name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('%PDF-1.7 and so on') },
  ])
  await expect(linkOf(page, 'one.png')).toHaveValue(/^http/)
  await expect(row(page, 'notes.png')).toContainText('PDF')
  await visit('results')
  await page.getByRole('button', { name: 'More for one.png' }).click()
  await visit('menu')
  await page.keyboard.press('Escape')
  await seed(page, 3)
  await page.goto('/images?view=grid')
  await expect(page.getByRole('gridcell').getByRole('link')).toHaveCount(4)
  await visit('grid')
  await page.getByRole('gridcell').getByRole('link').first().focus()
  await page.keyboard.press('Delete')
  await expect(page.getByTestId('toast')).toBeVisible()
  await visit('toast')
  await page.getByRole('radio', { name: 'Table' }).check()
  await expect(page.getByRole('table')).toBeVisible()
  await visit('table')
}

test('who asks for less motion gets none', async ({ page }) => {
  await page.goto('/')
  // What is looked for is there as long as nobody asks.
  expect(await moving(page)).not.toEqual([])
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await states(page, async state => {
    expect(await moving(page), state).toEqual([])
    expect(await page.evaluate(() => document.getAnimations().length), state).toBe(0)
  })
})

test('a picture that is being sent develops by a filter, but not where motion is reduced', async ({ page }) => {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  await page.goto('/')
  const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 20_000 }
  await session.send('Network.emulateNetworkConditions', slow)
  const big = { name: 'big.png', mimeType: 'image/png', buffer: Buffer.concat([png(9, 400), Buffer.alloc(400_000)]) }
  await page.getByTestId('chooser').setInputFiles([big])
  await expect(row(page, 'big.png')).toContainText(/sending \d+ %/)
  const picture = row(page, 'big.png').locator('[data-drawn]')
  await expect(picture).toHaveCSS('filter', /grayscale/)
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await expect(picture).toHaveCSS('filter', 'none')
})

for (const [name, media, without] of [
  ['contrast', { contrast: 'more' }, []],
  // The colours are the person's own; axe judges those of the style sheet, which are not painted then.
  ['forced', { forcedColors: 'active' }, ['color-contrast']],
] as const)
  test(name === 'contrast' ? 'more contrast is sound' : 'forced colours are sound', async ({ page, axe }) => {
    test.slow()
    await page.emulateMedia(media)
    await states(page, async state => {
      await axe(page, [...without])
      await page.screenshot({ path: `e2e/screenshots/${test.info().project.name}-${name}-${state}.png` })
    })
  })

test('more contrast darkens lines and quiet words', async ({ page }) => {
  await page.goto('/')
  const token = (name: string) =>
    page.evaluate(each => getComputedStyle(document.documentElement).getPropertyValue(each), name)
  expect(await token('--line')).not.toBe(await token('--line-strong'))
  await page.emulateMedia({ contrast: 'more' })
  expect(await token('--line')).toBe(await token('--line-strong'))
  expect(await token('--ink-3')).toBe(await token('--ink-2'))
})

test('forced colours keep the edges of buttons, and mark what is chosen and which page is shown', async ({ page }) => {
  await page.emulateMedia({ forcedColors: 'active' })
  await page.goto('/')
  for (const name of [/^Choose (images|photos)$/, 'Paste']) {
    const button = page.getByRole('button', { name })
    expect(await button.evaluate(element => getComputedStyle(element).borderTopWidth)).not.toBe('0px')
    const colours = await button.evaluate(element => {
      const style = getComputedStyle(element)
      return { edge: style.borderTopColor, ground: getComputedStyle(document.body).backgroundColor }
    })
    expect(colours.edge).not.toBe(colours.ground)
  }
  const chosen = page.locator('label', { has: page.getByRole('radio', { checked: true }) }).first()
  const other = page.locator('label', { has: page.getByRole('radio', { checked: false }) }).first()
  const outline = (label: typeof chosen) => label.evaluate(element => getComputedStyle(element).outlineStyle)
  expect(await outline(chosen)).toBe('solid')
  expect(await outline(other)).toBe('none')
  const marks = page.getByRole('navigation').getByRole('link')
  await expect(marks.first()).toHaveCSS('text-decoration-line', 'underline')
  await expect(marks.last()).toHaveCSS('text-decoration-line', 'none')
})
