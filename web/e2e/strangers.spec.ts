import type { Image } from '../src/api/types'
import { brokenPng, png } from './support/files'
import { captionOf, FIELDS, keepsReport, keptName, keptOf, nameOf } from './support/kept'
import { dangerous, naughty } from './support/naughty'
import { expect, type Page, test } from './support/test'
import { settled, shape, watch } from './support/watch'

// Texts from strangers stay texts. What was meant as an element must be missing among a page's elements, too: that a
// script did not run may be the content security policy's merit alone.

const PLAIN = 'plain words'
const SCRIPT = '<script>alert(123)</script>'

interface Sent {
  text: string
  image: Image & { delete_token: string }
  /** What was answered before each field that refuses the text was left away. */
  refusals: { status: number; type: string | null; body: { code?: string; field?: string; detail?: string } }[]
}

/**
 * Uploads a picture with each text in every field, as the browser of the page that is shown. As JSON, because no part of
 * a form can have a name of any characters.
 */
function upload(page: Page, texts: readonly string[]): Promise<Sent[]> {
  return page.evaluate(
    async ([texts, names, image]) => {
      const send = async (text: string): Promise<Sent> => {
        const fields = new Map<string, unknown>(names.map(name => [name, name === 'tags' ? [text] : text]))
        const refusals: Sent['refusals'] = []
        for (;;) {
          const body = JSON.stringify({ image, file_name: text, duplicates: 'new', ...Object.fromEntries(fields) })
          const headers = { 'Content-Type': 'application/json' }
          const answer = await fetch('/api/v1/images', { method: 'POST', headers, body })
          const reply = await answer.json()
          if (answer.status === 201) return { text, image: reply, refusals }
          refusals.push({ status: answer.status, type: answer.headers.get('Content-Type'), body: reply })
          if (!fields.delete(reply.field)) throw new Error(`${text}: ${answer.status} ${JSON.stringify(reply)}`)
        }
      }
      // The browser itself sends a few at a time.
      return await Promise.all(texts.map(send))
    },
    [texts, Object.keys(FIELDS), png(1).toString('base64')] as const,
  )
}

/** Every text was kept as it is or refused with the reason. Compared as wholes: a thousand single looks take seconds. */
function checkKept(sent: readonly Sent[]): void {
  const told = sent.map(({ text, image, refusals }) => {
    const { title, description, alt, label, tags, file_name } = image
    const refused = refusals.map(({ body }) => body.field).toSorted()
    return { text, title, description, alt, label, tags, file_name, refused }
  })
  expect(told).toEqual(sent.map(({ text }) => ({ text, ...keptOf(text) })))
  const refusals = sent.flatMap(each => each.refusals)
  const odd = refusals.filter(
    ({ status, type, body }) =>
      status !== 400 ||
      type !== 'application/problem+json' ||
      body.code !== 'invalid_field' ||
      !/the limit is \d+|holds control characters/.test(body.detail ?? ''),
  )
  expect(odd).toEqual([])
  expect(refusals.length).toBeGreaterThan(100)
}

interface Drawn {
  name: string | null
  label: string | null
  shape: string
}

/** What is drawn for each picture, by the address of its page; on the way from the top of the list to its end, if asked. */
function drawn(page: Page, view: 'grid' | 'table', whole: boolean): Promise<Record<string, Drawn>> {
  const selectors = {
    grid: ['[role=gridcell][data-index]', '[aria-hidden] > span'],
    table: ['[role=row][data-index]', '[role=cell][title]'],
  } as const
  return page.evaluate(
    async ([item, name, whole]) => {
      const drawn: Record<string, Drawn> = {}
      const frame = () => new Promise(requestAnimationFrame)
      for (let top = 0; ; top += innerHeight / 1.5) {
        scrollTo(0, top)
        await frame()
        await frame()
        // Empty until the list has been read up to there.
        while (document.querySelector(`${item}:empty`)) await frame()
        for (const each of document.querySelectorAll(item)) {
          const link = each.querySelector('a')
          const inside = Array.from(each.querySelectorAll('*'), element => {
            // The blur behind a picture comes and goes.
            const attributes = element.getAttributeNames().filter(attribute => attribute !== 'style')
            return `${element.localName}[${attributes}]`
          })
          drawn[link?.pathname ?? ''] = {
            name: each.querySelector(name)?.textContent ?? null,
            label: link?.getAttribute('aria-label') ?? null,
            shape: inside.join(' '),
          }
        }
        if (!whole || top + innerHeight >= document.documentElement.scrollHeight) return drawn
      }
    },
    [...selectors[view], whole] as const,
  )
}

/** A list that shows these pictures by their names, and every picture in the same way. */
async function checkList(page: Page, images: readonly Image[], view: 'grid' | 'table', whole: boolean): Promise<void> {
  await page.goto(`/images?view=${view}&density=compact`)
  await expect(page.getByText(/^\d+ images$/)).toBeVisible()
  const found = await drawn(page, view, whole)
  const shown = images.map(({ id }) => ({ id, name: found[`/p/${id}`]?.name, label: found[`/p/${id}`]?.label }))
  const expected = images.map(image => {
    const name = nameOf(image) ?? 'Untitled'
    return { id: image.id, name, label: `Open the page of ${image.alt ?? name}` }
  })
  expect(shown).toEqual(expected)
  expect([...new Set(Object.values(found).map(({ shape }) => shape))]).toHaveLength(1)
}

/** Browsers take every end of a line in a page for a line feed. */
const lines = (text: string) => text.replaceAll(/\r\n?/g, '\n')

/** The share page shows the texts as they are, and is built like that of other texts. */
async function checkShare(page: Page, image: Image, plain: readonly string[]): Promise<void> {
  await page.goto(`/p/${image.id}`)
  const shown = await page.evaluate(() => {
    const text = (selector: string) => document.querySelector(selector)?.textContent
    const card = (name: string) => document.querySelector(`meta[property="og:${name}"]`)?.getAttribute('content')
    // What people copy into pages of their own.
    const copied = document.querySelector('#link-html')?.getAttribute('value') ?? ''
    const pasted = new DOMParser().parseFromString(copied, 'text/html')
    return {
      heading: text('h1'),
      tab: text('title'),
      description: text('p.description'),
      alt: document.querySelector('main img')?.getAttribute('alt'),
      cards: [card('title'), card('description'), card('image:alt')],
      pasted: Array.from(pasted.querySelectorAll('body *'), each => `${each.localName}[${each.getAttributeNames()}]`),
      pastedAlt: pasted.querySelector('img')?.alt,
    }
  })
  const name = nameOf(image) ?? 'A picture'
  const caption = lines(captionOf(image))
  const description = image.description ? lines(image.description) : undefined
  expect(shown).toEqual({
    heading: name,
    tab: `${name} · Tintype`,
    description,
    alt: caption,
    cards: [name, description ?? 'A picture on Tintype', caption],
    pasted: ['img[src,alt,width,height,loading]'],
    pastedAlt: caption,
  })
  const absent = description === undefined ? 'p[class,dir]' : undefined
  expect(await shape(page)).toEqual(plain.filter(element => element !== absent))
}

/** The shape of a page of the server. */
async function shapeOf(page: Page, path: string): Promise<string[]> {
  await page.goto(path)
  return await shape(page)
}

/** Takes the titles away, so that file names stand in their place. */
function removeTitles(page: Page, images: readonly Image[]): Promise<Image[]> {
  return page.evaluate(
    ids =>
      Promise.all(
        ids.map(async id => {
          const headers = { 'Content-Type': 'application/json' }
          const answer = await fetch(`/api/v1/images/${id}`, { method: 'PATCH', headers, body: '{"title": null}' })
          return await answer.json()
        }),
      ),
    images.map(({ id }) => id),
  )
}

/** Reports a picture with each text in both fields: the text, and the answer's status and type. */
function report(page: Page, id: string, texts: readonly string[]): Promise<[string, number, string | null][]> {
  return page.evaluate(
    ([id, texts]) =>
      Promise.all(
        texts.map(async (text): Promise<[string, number, string | null]> => {
          const body = new URLSearchParams({ reason: 'other', detail: text, contact: text })
          const answer = await fetch(`/report/${id}`, { method: 'POST', body })
          return [text, answer.status, answer.headers.get('Content-Type')]
        }),
      ),
    [id, texts] as const,
  )
}

/** Files with these names, every fifth of which is refused; of another size than `upload` sends, so that none is a duplicate. */
const files = (names: readonly string[]) =>
  names.map((name, index) => ({ name, mimeType: 'image/png', buffer: index % 5 === 4 ? brokenPng : png(index, 32) }))

test.beforeEach(({ isMobile }) => test.skip(isMobile, 'texts are the same in every window'))

test('texts from strangers stay texts', async ({ page, server }) => {
  test.slow()
  const seen = await watch(page, server.url)
  await page.goto('/')
  const worst = dangerous(naughty, 50)
  const [plain, ...others] = await upload(page, [PLAIN, ...naughty.filter(text => !worst.includes(text))])
  // Last, so that the list begins with them.
  const dangers = await upload(page, worst)
  const sent = [...others, ...dangers]
  expect(naughty.length).toBeGreaterThan(600)
  expect(sent).toHaveLength(naughty.length)
  checkKept(sent)
  const images = sent.map(({ image }) => image)
  await checkList(page, images, 'table', true)

  const plainShape = await shapeOf(page, `/p/${plain?.image.id}`)
  for (const { image } of dangers) await checkShare(page, image, plainShape)

  await page.goto('/')
  const untitled = await removeTitles(page, images.slice(-worst.length))
  await checkList(page, untitled, 'grid', false)

  const reports = await report(page, plain?.image.id ?? '', naughty)
  expect(reports).toEqual(naughty.map(text => [text, keepsReport(text) ? 200 : 400, 'text/html; charset=utf-8']))
  await settled(page)
  expect(seen).toEqual([])
})

test('names of files stay texts where they are uploaded', async ({ page, server }) => {
  const seen = await watch(page, server.url)
  const names = dangerous(naughty, 40)
  await page.goto('/')
  await page.getByTestId('chooser').setInputFiles(files(names))
  const rows = page.getByRole('row')
  await expect(page.getByRole('heading', { name: '32 uploaded, 8 refused' })).toBeVisible({ timeout: 60_000 })
  expect(await rows.locator('p[title]').allTextContents()).toEqual(names)
  await expect(rows.locator('p[title] *, script, iframe')).toHaveCount(0)
  const { images }: { images: Image[] } = await (await page.request.get('/api/v1/images?limit=100')).json()
  const kept = names.filter((_, index) => index % 5 !== 4).map(keptName)
  expect(images.map(({ file_name }) => file_name ?? null).toSorted()).toEqual(kept.toSorted())
  await settled(page)
  expect(seen).toEqual([])
})

test.describe('with JavaScript off', () => {
  test.use({ javaScriptEnabled: false })

  test('texts from strangers stay texts on the pages that the server renders', async ({ page, server }) => {
    const seen = await watch(page, server.url)
    const texts = dangerous(naughty, 10)
    await page.goto('/')
    const [plain, ...sent] = await upload(page, [PLAIN, ...texts])
    const plainShapes = {
      share: await shapeOf(page, `/p/${plain?.image.id}`),
      report: await shapeOf(page, `/report/${plain?.image.id}`),
      delete: await shapeOf(page, `/d/${plain?.image.delete_token}`),
    }
    for (const { image } of sent) {
      await checkShare(page, image, plainShapes.share)
      expect(await shapeOf(page, `/report/${image.id}`)).toEqual(plainShapes.report)
      await expect(page.locator('.preview')).toHaveAttribute('alt', lines(captionOf(image)))
      expect(await shapeOf(page, `/d/${image.delete_token}`)).toEqual(plainShapes.delete)
      expect(await page.locator('.name').textContent()).toBe(nameOf(image) ?? 'this picture')
    }
    await page.goto(`/report/${plain?.image.id}`)
    await page.getByRole('radio', { name: 'Something else' }).check()
    await page.getByLabel('What should the operator know?').fill(SCRIPT)
    await page.getByRole('button', { name: 'Send the report' }).click()
    await expect(page.getByRole('heading', { name: 'Reported' })).toBeVisible()

    await page.goto('/')
    // A chooser from which nothing was chosen sends an empty name.
    const names = texts.filter(text => text !== '')
    await page.locator('input[type=file][name=file]').setInputFiles(files(names))
    await page.locator('form[action="./new"] button').click()
    await expect(page).toHaveURL(/\/new$/)
    await page.waitForLoadState()
    const shown = await page.locator('.name').allTextContents()
    expect(shown).toEqual(names.map(name => keptName(name) ?? 'A picture'))
    const shapes = await page
      .locator('ul.rows > li')
      .evaluateAll(all =>
        all.map(row =>
          Array.from(row.querySelectorAll('*'), each => `${each.localName}[${each.getAttributeNames()}]`).join(' '),
        ),
      )
    // Taken and refused.
    expect(new Set(shapes).size).toBe(2)
    expect(seen).toEqual([])
  })
})

test('a text that becomes more than text is seen', async ({ context, page, server }) => {
  expect(naughty).toContain(SCRIPT)
  await page.goto('/')
  const [sent] = await upload(page, [SCRIPT])
  const share = `/p/${sent?.image.id}`
  // The share page as it would be if it escaped nothing: two scripts that run at once, and a handler that runs later.
  const body = `<!doctype html><h1>${SCRIPT}</h1><script>throw new Error('ran')</script>
    <img src="http://elsewhere.invalid/x.png" onerror="prompt(4)">`
  for (const path of [share, '/images', null]) {
    const policy = path && (await page.request.get(path)).headers()['content-security-policy']
    // Not the page of this test, which may have no breach.
    const other = await context.newPage()
    const seen = await watch(other, server.url)
    await other.route('http://elsewhere.invalid/**', route => route.abort())
    await other.route('**/control', route =>
      route.fulfill({ contentType: 'text/html', headers: policy ? { 'Content-Security-Policy': policy } : {}, body }),
    )
    await other.goto('/control')
    const stopped = [
      'violation: script-src-elem inline',
      'violation: script-src-attr inline',
      expect.stringMatching(/^violation: img-src http/),
      expect.stringMatching(/^console: /),
    ]
    const ran = [
      'call: alert 123',
      'dialog: alert 123',
      'error: ran',
      'request: http://elsewhere.invalid/x.png',
      'call: prompt 4',
      'dialog: prompt 4',
    ]
    await expect.poll(() => seen).toEqual(expect.arrayContaining(policy ? stopped : ran))
    expect(seen.some(what => /^(call|dialog|error)/.test(what))).toBe(!policy)
    expect(await shape(other)).toContain('script[]')
    await other.close()
  }
  await page.goto(share)
  expect(await shape(page)).not.toContain('script[]')
})
