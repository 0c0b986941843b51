import { defineConfig } from '@playwright/test'

const desktop = { viewport: { width: 1280, height: 900 } }
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true }
/** What is looked at in every size and theme; the rest runs once on a desktop and once on a phone. */
const everywhere = { testMatch: /(accept|upload|look)\.spec\.ts/, grep: /@accept|sound and fit/ }

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  // Each worker has a browser of its own, with its own clipboard; more than two crowd a small machine.
  workers: 2,
  // The time that a test's own server and store take to start is part of it.
  timeout: 120_000,
  expect: { timeout: 15_000 },
  forbidOnly: Boolean(process.env.CI),
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    trace: 'off',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--disable-dev-shm-usage',
      ],
    },
    permissions: ['clipboard-read', 'clipboard-write'],
  },
  projects: [
    { name: '1280-light', use: { ...desktop, colorScheme: 'light' } },
    { name: '1280-dark', use: { ...desktop, colorScheme: 'dark' }, ...everywhere },
    { name: '390-light', use: { ...phone, colorScheme: 'light' }, ...everywhere },
    // Where files go does not depend on the screen.
    { name: '390-dark', use: { ...phone, colorScheme: 'dark' }, testIgnore: /(direct|storage)\.spec\.ts/ },
  ],
})
