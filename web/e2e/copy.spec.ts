import { clipboard, linkOf, png } from './support/files'
import { expect, type Page, test } from './support/test'

/** The browser refuses the clipboard, as without https or a permission; `older`: the older command too. */
async function refuse(page: Page, older: boolean): Promise<void> {
  await page.addInitScript(older => {
    navigator.clipboard.writeText = () =>
      Promise.reject(new DOMException('Write permission denied.', 'NotAllowedError'))
    if (older) document.execCommand = () => false
  }, older)
}

async function upload(page: Page): Promise<string> {
  await page.goto('/')
  await page.getByTestId('chooser').setInputFiles([{ name: 'one.png', mimeType: 'image/png', buffer: png(1) }])
  await expect(linkOf(page, 'one.png')).toHaveValue(/^http/)
  return await linkOf(page, 'one.png').inputValue()
}

test('where the clipboard is refused, the older command copies', async ({ page }) => {
  await refuse(page, false)
  const link = await upload(page)
  const button = page.getByRole('button', { name: 'Copy link of one.png' })
  await button.click()
  await expect(button).toHaveText('Copied', { useInnerText: true })
  expect(await clipboard(page)).toBe(link)
})

test('where nothing may copy, the text stands selected in a field', async ({ page, axe }) => {
  await refuse(page, true)
  const link = await upload(page)
  const button = page.getByRole('button', { name: 'Copy link of one.png' })
  await button.click()
  const field = page.getByRole('textbox', { name: 'Copy this text' })
  await expect(field).toBeFocused()
  await expect(field).toHaveValue(link)
  const selected = () =>
    field.evaluate(element =>
      element instanceof HTMLTextAreaElement ? element.value.slice(element.selectionStart, element.selectionEnd) : null,
    )
  expect(await selected()).toBe(link)
  await axe(page)
  await page.screenshot({ path: `e2e/screenshots/${test.info().project.name}-upload-copy-refused.png` })
  // The keys that the dialog names copy the selection, whatever scripts may not do.
  await page.keyboard.press('ControlOrMeta+C')
  expect(await clipboard(page)).toBe(link)
  await page.keyboard.press('Escape')
  await expect(page.getByRole('dialog')).toBeHidden()
  await expect(button).toBeFocused()
  await expect(button).not.toHaveText('Copied', { useInnerText: true })
  // Again the same text: the dialog comes again.
  await button.click()
  await expect(field).toBeFocused()
  await page.getByRole('button', { name: 'Close' }).click()
  await expect(page.getByRole('dialog')).toBeHidden()
})
