import { linkOf, png } from './support/files'
import { hasNginx, startNginx } from './support/nginx'
import { freePort } from './support/port'
import { startServer } from './support/server'
import { test as base, expect, type Page } from './support/test'
import { watch } from './support/watch'

/** What nginx makes of the path before ours: it passes it on, or takes it away. */
type Passes = 'keeps' | 'strips'

const test = base.extend<{ passes: Passes }>({
  passes: ['keeps', { option: true }],
  server: async ({ passes }, use) => {
    // Where everything has to be there, nothing is skipped.
    if (!hasNginx() && process.env.CI) throw new Error('hosting under a path needs nginx')
    base.skip(!hasNginx(), 'hosting under a path needs nginx')
    const port = await freePort()
    const server = await startServer(['--base-url', `http://127.0.0.1:${port}/pictures`])
    const to = passes === 'keeps' ? server.address : `${server.address}/`
    const end = await startNginx(port, `location /pictures/ { proxy_pass ${to}; proxy_set_header Host $http_host; }`)
    await use(server)
    await end()
    await server.stop()
  },
})

const width = (page: Page, selector: string) =>
  page.locator(selector).evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth))

for (const passes of ['keeps', 'strips'] as const) {
  test.describe(`a proxy that ${passes} the path`, () => {
    test.use({ passes })

    test('uploads, lists, shows and deletes below it', async ({ page, server }) => {
      await page.goto(server.url)
      // From here on every request that leaves the path is one of these.
      const seen = await watch(page, server.url)
      await page.reload()
      await expect(page).toHaveURL(`${server.url}/`)
      await page.getByTestId('chooser').setInputFiles([{ name: 'one.png', mimeType: 'image/png', buffer: png(1) }])
      await expect(linkOf(page, 'one.png')).toHaveValue(/\.png$/)
      const link = await linkOf(page, 'one.png').inputValue()
      expect(link.startsWith(`${server.url}/i/`)).toBe(true)
      expect((await page.request.get(link)).status()).toBe(200)

      await page.getByRole('link', { name: 'Images', exact: true }).click()
      await expect(page).toHaveURL(`${server.url}/images?view=grid`)
      const tile = page.getByRole('gridcell').getByRole('link')
      await expect(tile).toHaveCount(1)
      expect(await width(page, '[role=gridcell] img')).toBeGreaterThan(0)
      await page.reload()
      await expect(tile).toHaveCount(1)
      expect((await page.context().cookies()).map(cookie => cookie.path)).toContain('/pictures/')

      await page.goto((await tile.getAttribute('href')) ?? '')
      await expect(page).toHaveURL(/\/pictures\/p\/\w{17}$/)
      expect(await width(page, 'main img')).toBe(24)
      expect(await page.evaluate(() => getComputedStyle(document.body).fontFamily)).toContain('Tintype UI')
      await page.getByRole('link', { name: 'Tintype' }).click()
      await expect(page).toHaveURL(`${server.url}/`)

      await page.goto(`${server.url}/images`)
      await tile.focus()
      await page.keyboard.press('Delete')
      await expect(page.getByTestId('toast')).toContainText('1 image deleted')
      await expect(tile).toHaveCount(0)
      await expect.poll(async () => (await page.request.get(link)).status()).toBe(410)
      expect(seen).toEqual([])
    })

    test.describe('without JavaScript', () => {
      test.use({ javaScriptEnabled: false })

      test('the form uploads below it', async ({ page, server }) => {
        await page.goto(`${server.url}/`)
        await page
          .locator('input[type=file][name=file]')
          .setInputFiles([{ name: 'plain.png', mimeType: 'image/png', buffer: png(2) }])
        await page.locator('form.plain-form button').click()
        await expect(page).toHaveURL(`${server.url}/new`)
        const link = await page.locator('input[readonly]').first().inputValue()
        expect((await page.request.get(link)).status()).toBe(200)
        await page.getByRole('link', { name: 'Upload more' }).click()
        await expect(page).toHaveURL(`${server.url}/`)
      })
    })
  })
}
