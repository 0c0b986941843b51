import { png } from './support/files'
import { expect, test } from './support/test'

test.use({ javaScriptEnabled: false })

test('a form without JavaScript uploads and answers with links', async ({ page }) => {
  await page.goto('/')
  await page.locator('input[type=file][name=file]').setInputFiles([
    { name: 'plain.png', mimeType: 'image/png', buffer: png(1) },
    { name: 'words.png', mimeType: 'image/png', buffer: Buffer.from('no picture') },
  ])
  await page.locator('form[action="./new"] button').click()
  await expect(page).toHaveURL(/\/new$/)
  await expect(page.locator('body')).toContainText('plain.png')
  await expect(page.locator('body')).toContainText('words.png')
  const link = await page.locator('input[readonly]').first().inputValue()
  expect(link).toMatch(/\/i\/\w{17}\.png$/)
  expect((await page.request.get(link)).status()).toBe(200)
  await page.screenshot({ path: `e2e/screenshots/${test.info().project.name}-nojs-result.png`, fullPage: true })
})

test('the form stands alone and is in the product’s clothes', async ({ page }) => {
  await page.goto('/')
  await expect(page.locator('form[action="./new"]')).toBeVisible()
  await expect(page.locator('p.lead')).toHaveText('Everything stays on this server.')
  expect(await page.evaluate(() => getComputedStyle(document.body).fontFamily)).toContain('Tintype UI')
  await page.screenshot({ path: `e2e/screenshots/${test.info().project.name}-nojs-form.png` })
})
