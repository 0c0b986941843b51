import type { Browser } from '@playwright/test'
import { linkOf, photos } from './support/files'
import { expect, type Page, test } from './support/test'

// With the first test of upload.spec.ts, which carries the same tag, this is what ./accept runs: five photographs by
// every way in, in both sizes and both themes.

/** Presses Tab until the focus is on what is looked for. */
async function tabTo(page: Page, name: RegExp, most = 40): Promise<void> {
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

test('five photographs by keyboard alone', { tag: '@accept' }, async ({ page, axe }) => {
  const files = photos(5)
  await page.goto('/')
  await page.getByRole('heading', { level: 1 }).waitFor()
  await axe(page)
  const choosing = page.waitForEvent('filechooser')
  await tabTo(page, /^Choose/)
  await page.keyboard.press('Enter')
  await (await choosing).setFiles(files)
  for (const { name } of files) await expect(linkOf(page, name)).toHaveValue(/^http/)
  await axe(page)
  // Copied by keyboard, and the link leads to the picture.
  await tabTo(page, /^Copy all links$/)
  await page.keyboard.press('Enter')
  const links = async () => (await page.evaluate(() => navigator.clipboard.readText())).split('\n')
  await expect.poll(async () => (await links()).length).toBe(files.length)
  for (const link of await links()) expect((await page.request.get(link)).status()).toBe(200)
  // And on to the other tab, where all of them are.
  await tabTo(page, /^Images$/)
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/images/)
  await expect(page.getByRole('gridcell').getByRole('link')).toHaveCount(files.length)
  await axe(page)
})

test.describe('with JavaScript off', () => {
  test.use({ javaScriptEnabled: false })

  /**
   * Checks what a browser without scripts shows. Axe is a script itself, so it looks at a twin: the same markup and
   * styles, without the scripts, in a browser that has them on.
   */
  async function checked(page: Page, browser: Browser, axe: (page: Page) => Promise<void>): Promise<void> {
    const body = (await page.content()).replaceAll(/<\/?noscript>|<script[^>]*>[\s\S]*?<\/script>/g, '')
    const twin = await (await browser.newContext({ javaScriptEnabled: true })).newPage()
    await twin.route(page.url(), route => route.fulfill({ contentType: 'text/html', body }))
    await twin.goto(page.url())
    await axe(twin)
    await twin.context().close()
  }

  test('five photographs by the plain form', { tag: '@accept' }, async ({ page, browser, axe }) => {
    const files = photos(5)
    await page.goto('/')
    await checked(page, browser, axe)
    await page.locator('input[type=file][name=file]').setInputFiles(files)
    await page.locator('form[action="./new"] button').click()
    await expect(page).toHaveURL(/\/new$/)
    await page.waitForLoadState()
    await checked(page, browser, axe)
    const links = page.getByLabel('Link', { exact: true })
    await expect(links).toHaveCount(files.length)
    for (const field of await links.all())
      expect((await page.request.get(await field.inputValue())).headers()['content-type']).toBe('image/png')
  })
})
