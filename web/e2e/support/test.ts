import { AxeBuilder } from '@axe-core/playwright'
import { test as base, expect, type Page } from '@playwright/test'
import { type Server, startServer } from './server'
import { BREACH } from './watch'

interface Fixtures {
  /** Flags that the server is started with. */
  flags: readonly string[]
  /** Variables that it is started with, besides those of the tests. */
  environment: Readonly<Record<string, string>>
  server: Server
  /** Checks a page against WCAG 2.2 A and AA, but for rules that are named. */
  axe(page: Page, without?: string[]): Promise<void>
}

/** Every test has a server of its own, and fails on any script error or breach of the content security policy. */
export const test = base.extend<Fixtures>({
  flags: [[], { option: true }],
  environment: [{}, { option: true }],
  server: async ({ flags, environment }, use) => {
    const server = await startServer(flags, environment)
    await use(server)
    await server.stop()
  },
  baseURL: async ({ server }, use) => use(server.url),
  page: async ({ page }, use) => {
    const faults: string[] = []
    page.on('pageerror', error => faults.push(String(error)))
    page.on('console', message => {
      if (BREACH.test(message.text())) faults.push(message.text())
    })
    await use(page)
    expect(faults).toEqual([])
  },
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures that are wanted from this pattern.
  axe: async ({}, use) => {
    await use(async (page, without = []) => {
      // A colour that is still fading in is not the colour that stays.
      await page.evaluate(async () => {
        const ending = document
          .getAnimations()
          .filter(each => each.effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY)
        await Promise.allSettled(ending.map(each => each.finished))
      })
      const { violations } = await new AxeBuilder({ page })
        .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
        .disableRules(without)
        .analyze()
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' ')}`)).toEqual([])
    })
  },
})

export { expect, type Page }
