import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { png } from './support/files'
import { expect, test } from './support/test'

test.use({ flags: ['--links-negotiate', 'on'] })

test('one address shows the picture in a page and is a page when it is opened', async ({ page, server }) => {
  const form = new FormData()
  form.append('file', new Blob([new Uint8Array(png(1))], { type: 'image/png' }), 'one.png')
  const reply = await fetch(`${server.url}/api/v1/images`, { method: 'POST', body: form })
  const { links } = (await reply.json()) as { links: { image: string; page: string } }
  // A page of somebody else's.
  const blog = createServer((_, response) => {
    response.setHeader('Content-Type', 'text/html')
    response.end(`<!doctype html><a href="${links.image}"><img src="${links.image}" alt="one"></a>`)
  })
  await new Promise<void>(resolve => blog.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(blog.address() as AddressInfo).port}/`
  const shown = () =>
    page.locator('img').evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth))

  // Again and again: what the browser has kept for the one must not answer the other.
  for (let turn = 0; turn < 3; turn += 1) {
    await page.goto(address)
    expect(await shown()).toBe(24)
    await page.getByRole('link').click()
    await expect(page).toHaveURL(links.image)
    await expect(page.getByRole('heading', { name: 'one.png' })).toBeVisible()
    expect(await shown()).toBe(24)
    await page.goBack()
    expect(await shown()).toBe(24)
  }
  await page.goto(links.image)
  const raw = (await page.locator('main a').getAttribute('href')) ?? ''
  expect(raw).toBe(`${links.image}?raw=1`)
  const opened = await page.request.get(raw, { headers: { 'sec-fetch-dest': 'document', accept: 'text/html' } })
  expect(opened.headers()['content-type']).toBe('image/png')
  await new Promise(resolve => blog.close(resolve))
})
