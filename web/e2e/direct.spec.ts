import { KEYS, type Store, startStore } from './s3'
import { linkOf, photos, png, row } from './support/files'
import { test as base, expect, type Page } from './support/test'

const test = base.extend<{ store: Store }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures that are wanted from this pattern.
  store: async ({}, use) => {
    const store = await startStore()
    base.skip(store === null, 'uploads straight to the object storage need SeaweedFS: TINTYPE_WEED names its program')
    if (!store) return
    await use(store)
    await store.stop()
  },
  environment: ({ store }, use) => use({ ...KEYS, S3_BUCKET: store.bucket, ENDPOINT: store.endpoint }),
})

/** How the bytes of files leave the page: the methods and origins of these requests, in their order. */
function sendings(page: Page): string[] {
  const seen: string[] = []
  page.on('request', request => {
    const { origin, pathname } = new URL(request.url())
    const form = request.method() === 'POST' && pathname === '/api/v1/images'
    if (form || request.method() === 'PUT') seen.push(`${request.method()} ${origin}`)
  })
  return seen
}

async function opens(page: Page, link: string, width: number): Promise<void> {
  const shown = page.evaluate(async src => {
    const image = new Image()
    image.src = src
    await image.decode()
    return image.naturalWidth
  }, link)
  expect(await shown).toBe(width)
}

test('a photograph goes straight to the object storage', async ({ page, server, store }) => {
  const [photo] = photos(1)
  if (!photo) return
  await store.allowOrigin(server.url)
  const sent = sendings(page)
  await page.goto('/')
  await expect(page.getByText('Pictures are kept in this server’s object storage.')).toBeVisible()
  await page.getByTestId('chooser').setInputFiles([photo])
  await expect(linkOf(page, photo.name)).toHaveValue(/\/i\/[1-9A-HJ-NP-Za-km-z]{17}\.png$/)
  const link = await linkOf(page, photo.name).inputValue()
  expect(sent).toEqual([`PUT ${store.endpoint}`])
  await expect(page.getByRole('heading', { name: '1 image uploaded' })).toBeVisible()

  // The same bytes of the same browser are the same image, as by the form.
  await page.getByTestId('chooser').setInputFiles([{ ...photo, name: 'twice.png' }])
  await expect(row(page, 'twice.png')).toContainText(/Already here since .*\. Same link\./)
  await expect(linkOf(page, 'twice.png')).toHaveValue(link)
  expect(sent).toEqual([`PUT ${store.endpoint}`, `PUT ${store.endpoint}`])
  await opens(page, link, 768)
})

test('what the object storage refuses goes through the server, and nobody is told', async ({ page, server, store }) => {
  await store.allowOrigin(null)
  const sent = sendings(page)
  await page.goto('/')
  await page.getByTestId('chooser').setInputFiles([{ name: 'one.png', mimeType: 'image/png', buffer: png(1) }])
  await expect(linkOf(page, 'one.png')).toHaveValue(/^http/)
  expect(sent).toEqual([`PUT ${store.endpoint}`, `POST ${server.url}`])
  // The store is not asked again for a while, though it would take files now.
  await store.allowOrigin(server.url)
  await page.getByTestId('chooser').setInputFiles([{ name: 'two.png', mimeType: 'image/png', buffer: png(2) }])
  await expect(linkOf(page, 'two.png')).toHaveValue(/^http/)
  expect(sent.slice(2)).toEqual([`POST ${server.url}`])

  await expect(page.getByRole('heading', { name: '1 image uploaded' })).toBeVisible()
  await expect(page.getByTestId('live').getByRole('alert')).toBeEmpty()
  await expect(page.getByRole('button', { name: /^Retry/ })).toHaveCount(0)
  await opens(page, await linkOf(page, 'one.png').inputValue(), 24)
})

test('a refusal of the server is told on the row, as by the form', async ({ page, server, store }) => {
  await store.allowOrigin(server.url)
  const sent = sendings(page)
  await page.goto('/')
  const broken = { name: 'broken.png', mimeType: 'image/png', buffer: png(3).subarray(0, 200) }
  await page.getByTestId('chooser').setInputFiles([broken])
  await expect(page.getByRole('heading', { name: '1 file refused' })).toBeVisible()
  await expect(row(page, 'broken.png').getByRole('textbox')).toHaveCount(0)
  expect(sent).toEqual([`PUT ${store.endpoint}`])
})
