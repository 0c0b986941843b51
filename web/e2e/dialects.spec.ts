import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server as HttpServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { photos, png } from './support/files'
import { expect, type Page, test } from './support/test'

// The front ends of systems that Tintype replaces, against the routes that stand in for theirs.

/** A folder of pages for `web.dir`, made before the server starts. */
const site = mkdtempSync(join(tmpdir(), 'tintype-site-'))
const put = (name: string, text: string) => {
  mkdirSync(join(site, name, '..'), { recursive: true })
  writeFileSync(join(site, name), text)
}

/** The page of the Express tutorial, as it stands in the write-up; null where that is not at hand. */
function tutorialPage(): string | null {
  const folder = process.env.TINTYPE_SEEDS ?? join(import.meta.dirname, '../../../shared/seeds')
  const name = existsSync(folder) ? readdirSync(folder).find(each => each.startsWith('003_')) : undefined
  if (name === undefined) return null
  const text = readFileSync(join(folder, name), 'utf8')
  return /```html[^\n]*title="index\.html"\n([\s\S]*?)\n```/.exec(text)?.[1] ?? null
}

const tutorial = tutorialPage()
put('index.html', tutorial ?? '')
put('axios.js', readFileSync(join(import.meta.dirname, '../node_modules/axios/dist/axios.min.js'), 'utf8'))
put(
  'gallery.html',
  `<!doctype html><title>Gallery</title><input id="file" type="file"><p id="status"></p><ul id="list"></ul>
  <script src="axios.js"></script>
  <script>
    const status = document.getElementById('status')
    const list = document.getElementById('list')
    const say = error => { status.textContent = error.response.status + ' ' + error.response.data.detail }
    async function show() {
      list.innerHTML = ''
      try {
        const { data } = await axios.get('/api/upload/')
        for (const file of data) {
          const item = document.createElement('li')
          item.innerHTML = '<img src="/images/' + file.filename + '"><a href="/images/' + file.filename + '">' + file.filename + '</a> ' +
            file.created_at + ' ' + file.size + ' <button>Delete</button>'
          item.querySelector('button').onclick = async () => {
            const { data } = await axios.delete('/api/upload/' + file.filename)
            status.textContent = data.message
            await show()
          }
          list.append(item)
        }
      } catch (error) { say(error) }
    }
    document.getElementById('file').onchange = async event => {
      const form = new FormData()
      form.append('file', event.target.files[0])
      try {
        const { data } = await axios.post('/api/upload/', form)
        status.textContent = data.filename + ' ' + data.url
        await show()
      } catch (error) { say(error) }
    }
  </script>`,
)

test.describe('with pages of the operator’s own', () => {
  test.use({ flags: ['--web-dir', site] })

  test('the page of the Express tutorial works byte for byte', async ({ page, context }) => {
    if (tutorial === null) {
      if (process.env.CI) throw new Error('the write-up 003_… is missing in TINTYPE_SEEDS')
      test.skip(true, 'the write-up 003_… is missing in TINTYPE_SEEDS')
    }
    await page.goto('/')
    const [photo] = photos(1)
    await page.locator('#file').setInputFiles(photo ?? [])
    await page.getByRole('button', { name: 'Upload' }).click()
    await expect(page.locator('#status')).toHaveText('Done!')
    const link = (await page.locator('#pageUrl').getAttribute('href')) ?? ''
    const opened = context.waitForEvent('page')
    await page.locator('#pageUrl').click()
    const picture = await opened
    await picture.waitForLoadState()
    expect(picture.url()).toBe(link)
    expect(await picture.evaluate(() => document.images[0]?.naturalWidth)).toBe(768)

    const notes = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('just words') }
    await page.locator('#file').setInputFiles(notes)
    await page.getByRole('button', { name: 'Upload' }).click()
    await expect(page.locator('#status')).toHaveText('Error: Upload failed')
  })

  test('a page that posts by axios uploads, lists, shows and deletes', async ({ page }) => {
    await page.goto('/gallery.html')
    const file = page.locator('#file')
    const status = page.locator('#status')
    for (const seed of [1, 2]) {
      await file.setInputFiles([{ name: `${seed}.png`, mimeType: 'image/png', buffer: png(seed) }])
      await expect(page.locator('li')).toHaveCount(seed)
    }
    await expect(status).toHaveText(/^(\w{17}\.png) \/images\/\1$/)
    await expect(page.locator('li').first()).toContainText(/^\w{17}\.png \d{4}-\d\d-\d\dT[\d:]+Z \d+/)
    const width = () =>
      page
        .locator('li img')
        .first()
        .evaluate((image: HTMLImageElement) => image.naturalWidth)
    await expect.poll(width).toBe(24)
    await file.setInputFiles([{ name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('just words') }])
    await expect(status).toHaveText(/^400 .*Accepted are JPEG, PNG, GIF, WebP, AVIF/)
    await page.getByRole('button', { name: 'Delete' }).first().click()
    await expect(page.locator('li')).toHaveCount(1)
    await expect(status).toHaveText(/^\w{17}\.png was deleted\.$/)
    await page.getByRole('button', { name: 'Delete' }).first().click()
    await expect(page.locator('li')).toHaveCount(0)
    await expect(status).toHaveText('404 No images found.')
  })
})

test.describe('from another origin', () => {
  let pages: HttpServer
  let origin: string
  test.beforeAll(async () => {
    pages = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html><body>'))
    await new Promise<void>(resolve => pages.listen(0, '127.0.0.1', resolve))
    const address = pages.address()
    origin = `http://localhost:${typeof address === 'object' && address ? address.port : 0}`
  })
  test.afterAll(() => new Promise(resolve => pages.close(resolve)))

  /** Shows the address as a page of that origin would; the width that it has then. */
  const shown = (page: Page, address: string) =>
    page.evaluate(async source => {
      const image = new Image()
      image.src = source
      await image.decode()
      return image.naturalWidth
    }, address)

  test('a file goes to an address of its own and is published', async ({ page, server }) => {
    await page.goto(origin)
    const data = png(7, 40).toString('base64')
    // The calls of the React front end, in its order.
    const { view, reply } = await page.evaluate(
      async ([api, text]) => {
        const file = new File([Uint8Array.from(atob(text ?? ''), c => c.charCodeAt(0))], 'a.png', { type: 'image/png' })
        const post = async (path: string, body: object) => {
          const answer = await fetch(`${api}${path}`, {
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify(body),
          })
          if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
          return await answer.json()
        }
        const begun = await post('/uploads/init', { filename: file.name, contentType: file.type })
        const sent = await fetch(begun.uploadURL, { method: 'PUT', headers: { 'Content-Type': file.type }, body: file })
        if (!sent.ok) throw new Error(`PUT: ${sent.status}`)
        const reply = await post('/uploads/complete', { url: begun.uploadURL })
        return { view: reply.viewURL, reply }
      },
      [server.url, data],
    )
    expect(reply.file_name).toBe('a.png')
    expect(await shown(page, view)).toBe(40)
    const versions = await page.evaluate(async api => (await fetch(`${api}/version`)).status, server.url)
    expect(versions).toBe(200)
  })

  test('an image in base64 answers its path', async ({ page, server }) => {
    await page.goto(origin)
    const body = JSON.stringify({ Image64: png(8, 30).toString('base64'), Extension: 'png' })
    const post = (text: string) =>
      page.evaluate(
        async ([api, json]) => {
          const answer = await fetch(`${api}/v0`, {
            method: 'POST',
            headers: { 'Content-Type': 'application/json', 'X-Api-Key': 'k' },
            body: json ?? '',
          })
          return { status: answer.status, json: await answer.json() }
        },
        [server.url, text],
      )
    const { status, json } = await post(body)
    expect(status).toBe(200)
    expect(await shown(page, `${server.url}/${json.URL}`)).toBe(30)
    const refused = await post(JSON.stringify({ Image64: '@@@' }))
    expect(refused.status).toBe(400)
    expect(refused.json.errorMessage).toContain('base64')
  })
})
