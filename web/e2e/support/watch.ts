import type { Page } from '@playwright/test'

declare global {
  interface Window {
    /** Set by `watch`. */
    tintypeSaw(what: string): void
  }
}

/** How browsers begin to tell of a breach of the content security policy. */
export const BREACH = /content security policy|trusted ?type|violates the following/i

/**
 * Collects everything by which pages of the server at `url` show that a text in them became more than text: scripts that
 * ran, dialogs, errors, what the content security policy stopped, requests to other hosts; and answers that are the
 * server's own fault.
 */
export async function watch(page: Page, url: string): Promise<string[]> {
  const seen: string[] = []
  await page.exposeBinding('tintypeSaw', (_, what: string) => seen.push(what))
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', event =>
      window.tintypeSaw(`violation: ${event.effectiveDirective} ${event.blockedURI}`),
    )
    const telling = (name: string): ProxyHandler<(...words: never[]) => unknown> => ({
      apply: (target, self, words) => {
        window.tintypeSaw(`call: ${name} ${words.join(' ')}`)
        return Reflect.apply(target, self, words)
      },
    })
    for (const name of ['alert', 'prompt', 'confirm'] as const)
      Object.assign(window, { [name]: new Proxy(window[name], telling(name)) })
  })
  page.on('dialog', dialog => {
    seen.push(`dialog: ${dialog.type()} ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('pageerror', error => seen.push(`error: ${error.message}`))
  page.on('console', message => {
    if (BREACH.test(message.text())) seen.push(`console: ${message.text()}`)
  })
  page.on('request', request => {
    const own = request.url().startsWith(`${url}/`) || /^(data|blob):/.test(request.url())
    if (!own) seen.push(`request: ${request.url()}`)
  })
  page.on('response', response => {
    if (response.status() >= 500) seen.push(`answer: ${response.status()} ${response.url()}`)
  })
  return seen
}

/** Waits until the page has told what its elements ran into: violations are told a task later than they happen. */
export const settled = (page: Page) =>
  page.evaluate(() => new Promise<void>(resolve => requestAnimationFrame(() => setTimeout(() => resolve()))))

/** Every element of the page with its attributes' names: always the same, as long as texts stay texts. */
export const shape = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    Array.from(document.querySelectorAll('*'), each => `${each.localName}[${each.getAttributeNames()}]`),
  )
